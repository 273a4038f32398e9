// PURE. Cards report a little less or more memory than they are sold with.

const TOLERANCE = 0.07;

/** The least and the most that a card of so many GiB may report, GiB. */
export function memoryRange(gib: number): { readonly least: number; readonly most: number } {
  return { least: gib * (1 - TOLERANCE), most: gib * (1 + TOLERANCE) };
}

/** Whether `told` may be the memory of a card of `gib` GiB. */
export function mayHaveMemory(gib: number, told: number): boolean {
  const { least, most } = memoryRange(gib);
  return told >= least && told <= most;
}
