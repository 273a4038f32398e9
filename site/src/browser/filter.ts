// Which results a view shows, and how many each further choice would leave. Pure.
import { type Choice, CHOICES, type View } from "./view.ts";

/** What a row is filtered by. */
export interface Facts {
  readonly choices: Readonly<Record<Choice, string>>;
  /** US dollars per hour. */
  readonly price: number | null;
  /** Memory of all GPUs, GiB. */
  readonly vram: number | null;
}

/** Whether a view shows a row. What is not known reaches no limit. */
export function shows(view: View, facts: Facts): boolean {
  return CHOICES.every((choice) => chosen(view, facts, choice)) && withinLimits(view, facts);
}

/** For each value of `choice` the number of rows that choosing it would show, in the order of their names. */
export function counts(view: View, rows: readonly Facts[], choice: Choice): Map<string, number> {
  const values = [...new Set([...rows.map((facts) => facts.choices[choice]), view.choices[choice]])];
  const found = new Map(values.filter((value) => value !== "").sort(byName).map((value) => [value, 0]));
  const others = CHOICES.filter((other) => other !== choice);
  for (const facts of rows) {
    const value = facts.choices[choice];
    if (value === "" || !withinLimits(view, facts)) continue;
    if (others.every((other) => chosen(view, facts, other))) found.set(value, (found.get(value) ?? 0) + 1);
  }
  return found;
}

function chosen(view: View, facts: Facts, choice: Choice): boolean {
  return view.choices[choice] === "" || view.choices[choice] === facts.choices[choice];
}

function withinLimits({ limits: { max_price, min_vram } }: View, { price, vram }: Facts): boolean {
  return (max_price === null || (price !== null && price <= max_price)) &&
    (min_vram === null || (vram !== null && vram >= min_vram));
}

const { compare: byName } = new Intl.Collator("en", { numeric: true });
