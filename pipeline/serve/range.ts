// The part of a file that a Range header asks for. Pure.

export interface Part {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/** Null: the whole file, as for several ranges and other units. "none": nothing of the file lies in the range. */
export function partOf(header: string | null, size: number): Part | "none" | null {
  const [matched, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (matched === undefined || (from === "" && to === "")) return null;
  if (from !== "" && to !== "" && Number(to) < Number(from)) return null;
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? "none" : { first, last };
}
