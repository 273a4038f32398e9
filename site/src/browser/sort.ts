// Tables that are sorted by their column heads.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Order, Sorting } from "./view.ts";

/** Makes the heads of `table` into buttons; `sorted` hears of each press. */
export function makeSortable(
  table: HTMLTableElement,
  sorted: (sorting: Sorting) => void = () => undefined,
): void {
  for (const head of headsOf(table)) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const order = nextOrder(head);
      sortTable(table, head, order);
      sorted({ column: head.dataset.column ?? "", order });
    });
  }
}

/** Sorts the rows by the column of `head` and says so there; cells that are no number come last. */
export function sortTable(table: HTMLTableElement, head: HTMLTableCellElement, order: Order): void {
  markSorted(table, head, order);
  const numeric = isNumeric(head);
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...bodyOf(table).rows].map((row) => ({
    row,
    key: keyOf(row.cells[head.cellIndex], numeric),
  }));
  rows.sort(({ key: a }, { key: b }) =>
    a === b ? 0 : a === null ? 1 : b === null ? -1 : sign * (a < b ? -1 : 1)
  );
  bodyOf(table).append(...rows.map(({ row }) => row));
}

/** Says in the heads which column the table is sorted by: none when `head` is null. */
export function markSorted(table: HTMLTableElement, head: HTMLTableCellElement | null, order: Order): void {
  for (const other of headsOf(table)) other.removeAttribute("aria-sort");
  head?.setAttribute("aria-sort", order);
}

export function headsOf(table: HTMLTableElement): HTMLTableCellElement[] {
  return [...table.tHead?.rows[0]?.cells ?? []];
}

export function bodyOf(table: HTMLTableElement): HTMLTableSectionElement {
  return table.tBodies[0] ?? table.createTBody();
}

/** Numbers begin with the largest, texts with A. */
function nextOrder(head: HTMLTableCellElement): Order {
  const [first, other]: [Order, Order] = isNumeric(head)
    ? ["descending", "ascending"]
    : ["ascending", "descending"];
  return head.getAttribute("aria-sort") === first ? other : first;
}

function isNumeric(head: HTMLTableCellElement): boolean {
  return head.classList.contains("n");
}

function keyOf(cell: HTMLTableCellElement | undefined, numeric: boolean): string | number | null {
  const text = cell?.textContent.trim() ?? "";
  if (!numeric) return text.toLowerCase();
  const value = Number(text.replaceAll(/[$,]/g, ""));
  return text === "" || Number.isNaN(value) ? null : value;
}
