// How long a line may be that is printed.

/** COLUMNS where it is set, else the columns of the terminal; without a terminal a line has no end. */
export function terminalWidth(): number {
  return widthOf(Deno.env.get("COLUMNS"), Deno.stdout.isTerminal() ? terminalColumns() : null);
}

/** `told`: what COLUMNS says; `columns`: what the terminal has, 0 where it does not know, null without one. Pure. */
export function widthOf(told: string | undefined, columns: number | null): number {
  if (told !== undefined && /^[1-9]\d{0,3}$/.test(told)) return Number(told);
  if (columns === null) return Infinity;
  return columns === 0 ? USUAL : columns;
}

const USUAL = 80;

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 0;
  }
}
