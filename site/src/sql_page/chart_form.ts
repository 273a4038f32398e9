// The choice of a chart: bars need a number, dots a number or a time on both axes.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { type ChartChoice, CHARTS } from "./state.ts";
import type { Column, Result } from "./values.ts";

export interface ChartForm {
  readonly form: HTMLFormElement;
  readonly kind: HTMLSelectElement;
  readonly x: HTMLSelectElement;
  readonly y: HTMLSelectElement;
}

/** Offers what can be drawn of a result; `wanted` is chosen where the result has it. */
export function offerCharts(
  { form, kind, x, y }: ChartForm,
  result: Result,
  wanted: ChartChoice | null,
): void {
  const numbers = result.columns.filter((column) => column.kind === "number");
  form.hidden = numbers.length === 0 || result.rows.length === 0;
  kind.value = form.hidden ? "" : wanted?.kind ?? "";
  const dots = kind.value === "dot";
  const placed = result.columns.filter((column) => column.kind !== "other");
  fill(x, dots ? placed : numbers, wanted?.x);
  const others = (dots ? placed : result.columns).filter(({ name }) => name !== x.value);
  fill(y, others.length > 0 ? others : result.columns, wanted?.y);
  for (const axis of [x, y]) axis.disabled = kind.value === "";
}

/** What is chosen; null when that is no chart. */
export function chosenChart({ kind, x, y }: ChartForm): ChartChoice | null {
  const known = CHARTS.find((name) => name === kind.value);
  return known === undefined ? null : { kind: known, x: x.value, y: y.value };
}

function fill(select: HTMLSelectElement, columns: readonly Column[], wanted: string | undefined): void {
  select.replaceChildren(...columns.map(({ name }) => new Option(name)));
  if (columns.some(({ name }) => name === wanted)) select.value = wanted ?? "";
}
