// One line of the table that `deno task bench` prints.

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
