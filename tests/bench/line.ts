// deno-lint-ignore-file no-console
// One line of the tables that `deno task bench` and `deno task test-faults` print, and the table.
import { Table } from "console-table-printer";

export interface Line {
  readonly what: string;
  readonly found: string;
  readonly aim: string;
  readonly held: boolean;
}

export const seconds = (value: number) => `${value.toFixed(2)} s`;

export const atMost = (what: string, value: number, most: number, unit: string, details: string): Line => ({
  what,
  found: `${value.toFixed(2)}${unit} (${details})`,
  aim: `at most ${most}${unit}`,
  held: value <= most,
});

export const atLeast = (what: string, value: number, least: number, unit: string, details: string): Line => ({
  what,
  found: `${value.toFixed(2)}${unit} (${details})`,
  aim: `at least ${least}${unit}`,
  held: value >= least,
});

/** What must not have happened at all, by its name; `details` says how often it could have. */
export const none = (what: string, counts: Readonly<Record<string, number>>, details: string): Line => ({
  what,
  found: `${Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ")} (${details})`,
  aim: "0 of each",
  held: Object.values(counts).every((count) => count === 0),
});

/** The parts that the command line names, or all; a name that is none of them ends the program with the known ones. */
export function chosenParts<Part>(parts: Readonly<Record<string, Part>>): Part[] {
  const names = Object.keys(parts);
  const unknown = Deno.args.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(
      `Cannot run ${unknown.join(", ")}: there is no such part\nKnown parts: ${
        names.join(", ")
      }; without one, all.`,
    );
    Deno.exit(2);
  }
  return Object.entries(parts).filter(([name]) => Deno.args.length === 0 || Deno.args.includes(name)).map((
    [, part],
  ) => part);
}

/** Prints the table; returns the exit code, 0 when there are lines and every line holds. */
export function report(lines: readonly Line[]): 0 | 1 {
  const table = new Table({ shouldDisableColors: true });
  for (const { what, found, aim, held } of lines) {
    table.addRow({ what, found, aim, held: held ? "yes" : "NO" });
  }
  console.log(table.render());
  return lines.length > 0 && lines.every((line) => line.held) ? 0 : 1;
}
