// A result as a table; every value is shown as text and never as HTML.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { type Result, shownText, type Value } from "./values.ts";

export const MOST_SHOWN = 1000;
const LONG = 60;

/** What a result holds in words: `1,234 rows, 5 columns; the first 1,000 are shown`. */
export function summaryOf({ rows, columns, complete }: Result): string {
  const total = `${complete ? "" : "more than "}${counted(rows.length, "row")}, ${
    counted(columns.length, "column")
  }`;
  return rows.length > MOST_SHOWN
    ? `${total}; the first ${MOST_SHOWN.toLocaleString("en-US")} are shown`
    : total;
}

/** Puts the first rows of a result into `table`. */
export function showTable(table: HTMLTableElement, { columns, rows }: Result): void {
  const numeric = columns.map(({ kind }) => kind === "number");
  const head = document.createElement("tr");
  columns.forEach(({ name }, index) => {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    cell.classList.toggle("n", numeric[index]);
    head.append(cell);
  });
  table.tHead?.replaceChildren(head);
  table.tBodies[0]?.replaceChildren(...rows.slice(0, MOST_SHOWN).map((row) => rowOf(row, numeric)));
}

function rowOf(values: readonly Value[], numeric: readonly boolean[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  values.forEach((value, index) => {
    const cell = row.insertCell();
    const text = value === null ? "null" : shownText(value);
    cell.textContent = text;
    cell.classList.toggle("text", text.length > LONG);
    cell.classList.toggle("lines", text.includes("\n"));
    cell.classList.toggle("null", value === null);
    cell.classList.toggle("n", numeric[index]);
  });
  return row;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
