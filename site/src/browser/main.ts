// What the pages do in a browser, bundled into one classic script, which works from a folder on disk too.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { makeCopyable } from "./copy.ts";
import { leaderboard } from "./leaderboard.ts";
import { makeSortable } from "./sort.ts";

const form = document.querySelector<HTMLFormElement>("form.filters");
const results = document.querySelector<HTMLTableElement>("table.filtered");
for (const table of document.querySelectorAll<HTMLTableElement>("table.sortable")) {
  if (table !== results) makeSortable(table);
}
if (form !== null && results !== null) leaderboard(form, results);
for (const block of document.querySelectorAll<HTMLElement>(".copyable")) makeCopyable(block);
