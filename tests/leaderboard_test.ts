// The leaderboard without a browser: the view in the address, what it shows, what each choice would leave, the CSV.
import { deepEqual, equal, ok } from "node:assert/strict";
import { toCsv } from "../site/src/browser/csv.ts";
import { counts, type Facts, shows } from "../site/src/browser/filter.ts";
import { CHOICES, queryOf, record, type View, viewOf } from "../site/src/browser/view.ts";
import { mostRelevant } from "../site/src/lib/relevant.ts";

const NOTHING = viewOf("");

function row(choices: Partial<Facts["choices"]>, price: number | null, vram: number | null): Facts {
  return { choices: record(CHOICES, (choice) => choices[choice] ?? ""), price, vram };
}

const ROWS = [
  row({ model: "qwen2:7b", gpu: "RTX 4090", provider: "vastai" }, 0.4, 24),
  row({ model: "qwen2:7b", gpu: "H100", provider: "lambda" }, 2.4, 80),
  row({ model: "llama3:70b", gpu: "H100", provider: "vastai" }, 2.1, 80),
  row({ model: "llama3:70b", gpu: "2 × RTX 4090", provider: "vastai" }, null, null),
];

Deno.test("a view and its address are one another's, short and readable", () => {
  const query = "?model=meta-llama/Llama-3:8b&gpu=2+%C3%97+RTX+4090&max_price=0.5&sort=-tokens_per_dollar";
  const view = viewOf(query);
  equal(view.choices.model, "meta-llama/Llama-3:8b");
  equal(view.choices.gpu, "2 × RTX 4090");
  equal(view.limits.max_price, 0.5);
  deepEqual(view.sorting, { column: "tokens_per_dollar", order: "descending" });
  equal(queryOf(view), query);
  equal(queryOf(NOTHING), "");
  const hostile: View = { ...NOTHING, choices: { ...NOTHING.choices, model: `a&b=c#d?"<i>%2F+ é` } };
  deepEqual(viewOf(queryOf(hostile)), hostile);
});

Deno.test("what the address holds beyond a view is left out", () => {
  deepEqual(viewOf("?max_price=cheap&min_vram=-8&sort=-&page=3"), NOTHING);
  equal(viewOf("?max_price=0").limits.max_price, 0);
});

Deno.test("choices and limits combine, and what is not known reaches no limit", () => {
  const shown = (query: string) => ROWS.map((facts) => shows(viewOf(query), facts));
  deepEqual(shown(""), [true, true, true, true]);
  deepEqual(shown("?model=llama3:70b&gpu=H100"), [false, false, true, false]);
  deepEqual(shown("?max_price=2.1"), [true, false, true, false]);
  deepEqual(shown("?min_vram=24&max_price=1"), [true, false, false, false]);
});

Deno.test("each choice counts the rows it would show, its own list as if nothing were chosen in it", () => {
  const view = viewOf("?model=qwen2:7b&max_price=3");
  deepEqual([...counts(view, ROWS, "gpu")], [["2 × RTX 4090", 0], ["H100", 1], ["RTX 4090", 1]]);
  deepEqual([...counts(view, ROWS, "model")], [["llama3:70b", 1], ["qwen2:7b", 2]]);
});

Deno.test("a choice that no row has stays in its list, with none", () => {
  deepEqual([...counts(viewOf("?provider=gone"), ROWS, "provider")], [["gone", 0], ["lambda", 1], [
    "vastai",
    3,
  ]]);
});

Deno.test("CSV quotes what it must", () => {
  equal(toCsv([["a", 'say "x"'], ["1,5", "two\nlines"]]), 'a,"say ""x"""\r\n"1,5","two\nlines"\r\n');
});

Deno.test("too many results give way to the newest of every kind, then to the newest of the rest", () => {
  const kinds = ["a", "a", "a", "b", "a", "c"];
  const all = kinds.map((name, index) => benchmark(String(index), name));
  const ids = (most: number) => mostRelevant(all, most).map(({ id }) => id);
  deepEqual(ids(6), ["0", "1", "2", "3", "4", "5"]);
  deepEqual(ids(4), ["0", "1", "3", "5"]);
  deepEqual(ids(2), ["0", "3"]);
  ok(mostRelevant([], 5).length === 0);
});

/** As much of a result as tells its kind. */
function benchmark(id: string, model: string) {
  return {
    id,
    model: { name: model, runtime: "ollama" },
    hardware: { gpu: "RTX 4090", gpu_count: 1 },
    provider: "vastai",
    test_config: { concurrent_reqs: 1, arrival: "closed" as const, request_rate: null, workload: null },
  };
}
