// The table of all results with its filters: what is chosen stands in the address, and back and forward restore it.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { harmless } from "../../../pipeline/schema/formula.ts";
import { toCsv } from "./csv.ts";
import { counts, type Facts, shows } from "./filter.ts";
import { save } from "./save.ts";
import { bodyOf, headsOf, makeSortable, markSorted, sortTable } from "./sort.ts";
import { CHOICES, limitOf, LIMITS, queryOf, record, type View, viewOf } from "./view.ts";

/** Brings the filters in `form` to life for `table`. */
export function leaderboard(form: HTMLFormElement, table: HTMLTableElement): void {
  const rows = [...bodyOf(table).rows].map((row) => ({ row, facts: factsOf(row) }));
  let view = viewOf(location.search);
  const show = (next: View) => {
    view = next;
    fill(form, view, rows.map(({ facts }) => facts));
    for (const { row, facts } of rows) row.hidden = !shows(view, facts);
    bodyOf(table).append(...rows.map(({ row }) => row));
    sortAs(table, view);
    count(form, rows.filter(({ row }) => !row.hidden).length, rows.length);
  };
  const go = (next: View) => {
    show(next);
    history.pushState(null, "", queryOf(view) || location.pathname);
  };
  makeSortable(table, (sorting) => go({ ...view, sorting }));
  form.addEventListener("input", () => show({ ...chosenIn(form), sorting: view.sorting }));
  form.addEventListener("change", () => go({ ...chosenIn(form), sorting: view.sorting }));
  form.addEventListener("submit", (event) => event.preventDefault());
  button(form, "reset").addEventListener("click", () => go(viewOf("")));
  button(form, "csv").addEventListener("click", () => save("gpu-almanac.csv", "text/csv", csvOf(table)));
  addEventListener("popstate", () => show(viewOf(location.search)));
  show(view);
  form.hidden = false;
}

function factsOf({ dataset }: HTMLTableRowElement): Facts {
  return {
    choices: record(CHOICES, (choice) => dataset[choice] ?? ""),
    price: limitOf(dataset.price ?? ""),
    vram: limitOf(dataset.vram ?? ""),
  };
}

function fill(form: HTMLFormElement, view: View, rows: readonly Facts[]): void {
  for (const choice of CHOICES) {
    const options = [...counts(view, rows, choice)].map(([value, count]) => {
      const option = new Option(`${value} (${count})`, value, false, value === view.choices[choice]);
      option.disabled = count === 0 && value !== view.choices[choice];
      return option;
    });
    field(form, choice).replaceChildren(new Option("any", ""), ...options);
  }
  for (const limit of LIMITS) {
    const input = field(form, limit);
    if (limitOf(input.value) !== view.limits[limit]) input.value = String(view.limits[limit] ?? "");
  }
}

function chosenIn(form: HTMLFormElement): Pick<View, "choices" | "limits"> {
  return {
    choices: record(CHOICES, (choice) => field(form, choice).value),
    limits: record(LIMITS, (limit) => limitOf(field(form, limit).value)),
  };
}

function sortAs(table: HTMLTableElement, { sorting }: View): void {
  const head = headsOf(table).find(({ dataset }) => dataset.column === sorting?.column);
  if (sorting === null || head === undefined) markSorted(table, null, "ascending");
  else sortTable(table, head, sorting.order);
}

function count(form: HTMLFormElement, shown: number, all: number): void {
  const text = shown === all ? `${all} results` : `${shown} of ${all} results`;
  const status = form.querySelector("[role=status]");
  if (status !== null && status.textContent !== text) status.textContent = text;
}

/** The rows that are shown, in their order, under the names that the columns have in benchmarks.csv. */
function csvOf(table: HTMLTableElement): string {
  const heads = headsOf(table).map(({ dataset }) => dataset.column ?? "");
  const rows = [...bodyOf(table).rows].filter((row) => !row.hidden);
  return toCsv([
    ["id", ...heads],
    ...rows.map((row) => [row.dataset.id ?? "", ...[...row.cells].map(cellText)]),
  ]);
}

function cellText(cell: HTMLTableCellElement): string {
  const tags = [...cell.querySelectorAll(".tag")].map((tag) => tag.textContent);
  if (tags.length > 0) return tags.join("; ");
  const text = cell.textContent.trim();
  if (text === "–") return "";
  return cell.classList.contains("n") ? text.replaceAll(/[$,]/g, "") : harmless(text);
}

type Field = HTMLSelectElement | HTMLInputElement;

function field(form: HTMLFormElement, name: string): Field {
  return form.elements.namedItem(name) as Field;
}

function button(form: HTMLFormElement, name: string): HTMLButtonElement {
  return form.elements.namedItem(name) as HTMLButtonElement;
}
