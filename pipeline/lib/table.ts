// Tables for people, as wide as their terminal: where columns do not fit, titles and texts are shortened, then columns left out.
import { Table } from "console-table-printer";
import { shortText } from "../schema/text.ts";
import { cleanLine } from "./terminal.ts";

export interface Column<T> {
  readonly title: string;
  /** Its title where not all fit. */
  readonly short?: string;
  readonly of: (item: T) => string | number | null;
  /** Digits after the point; such a column is aligned to the right and never cut. */
  readonly digits?: number;
  /** Characters of a text that stay as long as a column can be left out, or another text has more than its own least; default 1. */
  readonly least?: number | ((item: T) => number);
  /** It is cut below its least after all texts that are not kept. */
  readonly kept?: true;
  /** Where columns do not fit, those of the highest number are left out first; a column without one stays. */
  readonly spare?: number;
}

/** A column with its texts. */
interface Drawn {
  readonly title: string;
  readonly cells: readonly string[];
  /** Fewest characters; null of numbers, which are never cut. */
  readonly least: number | null;
  readonly isKept: boolean;
}

/** The items as a table of lines of at most `width` characters; null is shown as a dash. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  width = Infinity,
): string {
  const drawn = chosen(columns, items, width);
  const widths = fit(drawn, width);
  const table = new Table({
    columns: drawn.map(({ title, least }, index) => ({
      name: String(index),
      title: shortText(title, widths[index] ?? 0),
      alignment: least === null ? "right" : "left",
    })),
    shouldDisableColors: true,
  });
  for (const row of items.keys()) {
    const cells = drawn.map(({ cells }, index) => shortText(cells[row] ?? "", widths[index] ?? 0));
    table.addRow(Object.fromEntries(cells.map((cell, index) => [String(index), cell])));
  }
  return `${table.render()}\n`;
}

/** All columns as long as no text has to be cut below its least, if need be with short titles; else without the most dispensable. */
function chosen<T>(columns: readonly Column<T>[], items: readonly T[], width: number): Drawn[] {
  const isEnough = (drawn: readonly Drawn[]) => room(drawn.map((one) => one.least ?? natural(one))) <= width;
  let drawn = columns.map((column) => draw(column, items, column.title));
  if (isEnough(drawn)) return drawn;
  const spares = columns.map(({ spare = 0 }) => spare);
  for (const most of [...new Set(spares)].sort((one, other) => other - one)) {
    drawn = columns.filter(({ spare = 0 }) => spare <= most)
      .map((column) => draw(column, items, column.short ?? column.title));
    if (isEnough(drawn)) break;
  }
  return drawn;
}

function draw<T>(column: Column<T>, items: readonly T[], title: string): Drawn {
  const cells = items.map((item) => textOf(column, column.of(item)));
  const { least = 1, digits } = column;
  const leastOf = (item: T, cell = "") =>
    Math.min(cell.length, typeof least === "number" ? least : least(item));
  return {
    title,
    cells,
    least: digits === undefined ? Math.max(1, ...items.map((item, row) => leastOf(item, cells[row]))) : null,
    isKept: column.kept === true,
  };
}

function natural({ title, cells }: Drawn): number {
  return Math.max(title.length, ...cells.map(({ length }) => length));
}

/** With borders and padding. */
function room(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + 3, 1);
}

function textOf<T>({ digits }: Column<T>, value: string | number | null): string {
  if (value === null || value === "") return "–";
  return typeof value === "number" ? value.toFixed(digits ?? 0) : cleanLine(value);
}

/** Takes from the widest text above its least, one character at a time, until all fit; if that is not enough, from the widest that is not kept, then from any. */
function fit(drawn: readonly Drawn[], width: number): number[] {
  const fitted = drawn.map(natural);
  const floorsOf = (isCut: (one: Drawn) => boolean) =>
    drawn.map((one) => one.least === null ? Infinity : isCut(one) ? 1 : one.least);
  for (const floors of [floorsOf(() => false), floorsOf(({ isKept }) => !isKept), floorsOf(() => true)]) {
    while (room(fitted) > width) {
      const spare = fitted.map((width, index) => width > (floors[index] ?? Infinity) ? width : 0);
      const widest = Math.max(...spare);
      if (widest === 0) break;
      fitted[spare.indexOf(widest)] = widest - 1;
    }
  }
  return fitted;
}
