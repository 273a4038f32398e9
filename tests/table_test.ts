// Tables on terminals of every width: what is the answer stays, what is beside it is shortened or left out.
import { deepEqual, equal, ok } from "node:assert/strict";
import { type Column, renderTable } from "../pipeline/lib/table.ts";
import { widthOf } from "../pipeline/lib/terminal_width.ts";
import { renderComparison, renderList, renderRecommendations } from "../pipeline/query/render.ts";
import { EXAMPLE } from "../pipeline/schema/example.ts";
import { startWith } from "./e2e/cli.ts";
import { temporaryRoot } from "./fixtures.ts";

type Row = { name: string; gpu: string; speed: number; more: string };

const COLUMNS: readonly Column<Row>[] = [
  { title: "name", of: ({ name }) => name, least: 4 },
  { title: "gpu", of: ({ gpu }) => gpu, least: 11, kept: true },
  { title: "tokens/s", short: "tok/s", of: ({ speed }) => speed, digits: 1 },
  { title: "more", of: ({ more }) => more, least: 6, spare: 2 },
  { title: "even more", of: ({ more }) => more, least: 6, spare: 3 },
];
const ROW: Row = { name: "deepseek-r1:14b", gpu: "RTX 5070 Ti", speed: 284.7, more: "ollama 0.32" };

/** The cells of the header and of the only row, at that width. */
function at(width?: number): [string[], string[]] {
  const lines = renderTable(COLUMNS, [ROW], width).split("\n").filter((line) => line.startsWith("│"));
  if (width !== undefined) { for (const line of lines) ok(line.length <= width, `${line.length}: ${line}`); }
  const [header = [], row = []] = lines.map((line) =>
    line.split("│").slice(1, -1).map((cell) => cell.trim())
  );
  return [header, row];
}

const WHOLE = ["deepseek-r1:14b", "RTX 5070 Ti", "284.7", "ollama 0.32", "ollama 0.32"];

Deno.test("where nothing limits it, a table has every column and every text whole", () => {
  deepEqual(at(), [["name", "gpu", "tokens/s", "more", "even more"], WHOLE]);
  deepEqual(at(200), at());
});

Deno.test("texts are shortened as far as they may be, then titles are, and then columns are left out, the most dispensable first", () => {
  deepEqual(at(51), [
    ["name", "gpu", "tokens/s", "more", "even …"],
    ["dee…", "RTX 5070 Ti", "284.7", "ollam…", "ollam…"],
  ]);
  deepEqual(at(48)[0], ["name", "gpu", "tok/s", "more", "even …"]);
  deepEqual(at(47)[0], ["name", "gpu", "tok/s", "more"]);
  deepEqual(at(38)[0], ["name", "gpu", "tok/s"]);
});

Deno.test("numbers are never cut, and what is kept only after all else", () => {
  for (const width of [28, 30, 34, 40, 60, 80]) {
    const [, row] = at(width);
    equal(row[1], "RTX 5070 Ti", `at ${width}`);
    equal(row[2], "284.7", `at ${width}`);
  }
  const [, narrow] = at(24);
  ok(narrow[1]?.endsWith("…"));
  equal(narrow[2], "284.7");
});

Deno.test("COLUMNS says the width, then the terminal; without a terminal a line has no end", () => {
  equal(widthOf("100", 80), 100);
  equal(widthOf("100", null), 100);
  equal(widthOf(undefined, 132), 132);
  equal(widthOf(undefined, null), Infinity);
  equal(widthOf(undefined, 0), 80, "a terminal that does not know");
  for (const nonsense of ["", "wide", "0", "-5", "80.5"]) equal(widthOf(nonsense, 132), 132, nonsense);
});

Deno.test("at 80 columns a list has what answers, at 160 all there is", () => {
  const { benchmark } = EXAMPLE;
  const header = (width: number) =>
    renderList({ benchmarks: [benchmark], count: 1 }, width).split("\n")[1]?.split("│").slice(1, -1)
      .map((cell) => cell.trim());
  deepEqual(header(80), ["model", "gpu", "provider", "$/h", "c", "tok/s", "tok/$", "throughput", ""]);
  deepEqual(header(160), [
    ...["model", "gpu", "provider", "$/h", "load", "tokens/s", "tokens/$"],
    ...["throughput", "per user", "TTFT ms", "engine", "note"],
  ]);
});

Deno.test("at 40 columns GPUs and their speeds are whole, and no line is longer", () => {
  const { benchmark } = EXAMPLE;
  const result = {
    ...benchmark,
    hardware: { ...benchmark.hardware, gpu: "RTX 5070 Ti", gpu_count: 1 },
    rate_tokens_per_second: 1304.8,
  };
  const recommendation = {
    ...{ model: "qwen2:7b", min_vram_gib: 7, recommended_gpus: [], gpu: "RTX 5070 Ti", gpu_count: 1 },
    ...{ provider: "tensordock", expected_tps: 1304.8, estimated_cost_per_hour: 0.2 },
    ...{ interruptible: false, tokens_per_dollar: 2280600, benchmarks: 1, notes: "" },
  };
  const compared = { speedup_factor: 0.42, cost_efficiency: 0.44, memory_efficiency: 0.55 };
  for (
    const table of [
      renderList({ benchmarks: [result], count: 1 }, 40),
      renderComparison({ baseline: result, comparisons: [{ result, ...compared }] }, 40),
      renderRecommendations({ model: "qwen2:7b", recommendations: [recommendation], count: 1 }, 40),
    ]
  ) {
    const lines = table.split("\n").filter((line) => /^[│┌├└]/.test(line));
    ok(lines.every(({ length }) => length <= 40), table);
    for (const words of ["RTX 5070 Ti", "1304.8"]) ok(table.includes(` ${words} │`), table);
  }
});

Deno.test("a list leaves out what follows from the rest before the load that its speeds belong to", () => {
  const { benchmark } = EXAMPLE;
  const narrowest = (title: string) => {
    const has = (width: number) =>
      renderList({ benchmarks: [benchmark], count: 1 }, width).split("\n")[1]?.includes(` ${title} │`);
    return Array.from({ length: 100 }, (_, index) => index + 30).find(has) ?? Infinity;
  };
  ok(narrowest("c") < narrowest("tok/$"));
});

Deno.test("a pipe gets every name uncut, a terminal of 80 columns still the GPU and its provider", async () => {
  await using root = await temporaryRoot();
  await Deno.remove(`${root.paths.root}/data/published`);
  const lines = async (columns: string) => {
    const { out } = await startWith({ COLUMNS: columns }, "benchmarks", "--root", root.paths.root).ended;
    return out.split("\n").filter((line) => line.startsWith("│"));
  };
  const piped = await lines("");
  equal(piped.filter((line) => line.includes("…")).length, 0);
  ok(piped.some((line) => line.includes("│ RTX 5070 Ti │ Vast.ai ")));
  const narrow = await lines("80");
  ok(narrow.every((line) => line.length <= 80));
  for (const words of ["RTX 5070 Ti", "RTX 5060 Ti", "A100 80GB", "TensorDock", "10.9M", "0.094"]) {
    ok(narrow.some((line) => line.includes(words)), words);
  }
});
