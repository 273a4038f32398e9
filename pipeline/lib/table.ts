// Tables for people, at most 80 columns wide: the widest texts are shortened until the table fits.
import { Table } from "console-table-printer";
import { shortText } from "../schema/text.ts";

export interface Column<T> {
  readonly title: string;
  readonly of: (item: T) => string | number | null;
  /** Digits after the point; such a column is aligned to the right. */
  readonly digits?: number;
  /** Characters that it keeps as long as another column has more than its own least; default 1. */
  readonly least?: number;
}

const WIDTH = 80;

/** The items as a table; null is shown as a dash. */
export function renderTable<T>(columns: readonly Column<T>[], items: readonly T[]): string {
  const cells = items.map((item) => columns.map((column) => textOf(column, column.of(item))));
  const widths = fit(
    columns.map(({ title }, index) => Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0))),
    columns.map(({ digits, least = 1 }) => digits === undefined ? least : null),
  );
  const table = new Table({
    columns: columns.map(({ title, digits }, index) => ({
      name: String(index),
      title: shortText(title, widths[index] ?? 0),
      alignment: digits === undefined ? "left" : "right",
    })),
    shouldDisableColors: true,
  });
  for (const row of cells) {
    table.addRow(
      Object.fromEntries(row.map((cell, index) => [String(index), shortText(cell, widths[index] ?? 0)])),
    );
  }
  return `${table.render()}\n`;
}

function textOf<T>({ digits }: Column<T>, value: string | number | null): string {
  if (value === null || value === "") return "–";
  return typeof value === "number" ? value.toFixed(digits ?? 0) : value;
}

/** Takes from the widest text column above its least, one character at a time, until borders and padding fit as well; if that is not enough, from the widest of all. A least of null: not a text. */
function fit(widths: readonly number[], leasts: readonly (number | null)[]): number[] {
  const room = WIDTH - 3 * widths.length - 1;
  const fitted = [...widths];
  for (const floors of [leasts, leasts.map((least) => least === null ? null : 1)]) {
    while (fitted.reduce((sum, width) => sum + width, 0) > room) {
      const spare = fitted.map((width, index) => width > (floors[index] ?? Infinity) ? width : 0);
      const widest = Math.max(...spare);
      if (widest === 0) break;
      fitted[spare.indexOf(widest)] = widest - 1;
    }
  }
  return fitted;
}
