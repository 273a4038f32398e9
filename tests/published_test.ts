// The specification's published results: each of its tables comes out of the data, and where the data says otherwise it is told.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { best, cheapest, compare, list, recommend } from "../pipeline/query/mod.ts";
import { costEfficiency, gpuAnalysis, picks, providerComparison } from "../pipeline/query/overviews.ts";

import { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { CostEfficiency, GpuAnalysis, Picks, ProviderComparison } from "../pipeline/schema/overview.ts";
import { shortNumber } from "../pipeline/schema/short_number.ts";
import { temporaryRoot } from "./fixtures.ts";

const root = await temporaryRoot();
await Deno.remove(join(root.paths.root, "data", "published"));
await buildData(root.paths, root.log);
const db = await Database.reading(root.paths.database);
Deno.test.afterAll(async () => {
  db[Symbol.dispose]();
  await root[Symbol.asyncDispose]();
});

/** The specification's tables "Benchmark Results": GPU, provider, tokens/s, $/h, tokens per dollar, by model. */
const TABLES: Record<string, [string, string, number, number, string][]> = {
  "phi3:mini": [["RTX 5070 Ti", "vastai", 284.7, 0.094, "10.9M"]],
  "qwen2:1.5b": [
    ["RTX 3090", "tensordock", 235.7, 0.2, "4.2M"],
    ["RTX 5060 Ti", "vastai", 214, 0.15, "5.1M"],
    ["RTX 5070", "vastai", 173.5, 0.18, "3.5M"],
  ],
  "qwen2:7b": [
    ["RTX 5090", "vastai", 304.8, 0.21, "5.2M"],
    ["A100 80GB", "vastai", 199.9, 0.33, "2.2M"],
    ["RTX 4090", "vastai", 195.3, 0.16, "4.4M"],
    ["RTX 4090", "tensordock", 189.5, 0.44, "1.6M"],
    ["RTX 3090", "vastai", 167.4, 0.08, "7.5M"],
    ["RTX 3090", "tensordock", 126.7, 0.2, "2.3M"],
  ],
  "deepseek-r1:14b": [
    ["RTX 5090", "vastai", 149.2, 0.21, "2.6M"],
    ["RTX 4090", "vastai", 96.7, 0.16, "2.2M"],
    ["RTX 4090", "tensordock", 93.8, 0.44, "767K"],
    ["A100 80GB", "vastai", 86.3, 0.33, "941K"],
    ["RTX 3090", "vastai", 81.1, 0.08, "3.6M"],
    ["RTX 3090", "tensordock", 44.7, 0.2, "805K"],
  ],
  "deepseek-r1:32b": [
    ["RTX 5090", "vastai", 72.5, 0.21, "1.2M"],
    ["A100 80GB", "vastai", 42.1, 0.33, "459K"],
    ["RTX 4090", "tensordock", 13, 0.44, "106K"],
    ["RTX 3090", "tensordock", 11.3, 0.2, "203K"],
    ["RTX 3090", "vastai", 3.6, 0.08, "162K"],
  ],
  "deepseek-r1:70b": [["H200 NVL", "vastai", 36.3, 2, "65K"], ["A100 80GB", "vastai", 3.5, 0.33, "38K"]],
};

Deno.test("every row of every result table is there, with the tokens per dollar that follow from speed and price", async () => {
  let rows = 0;
  for (const [model, table] of Object.entries(TABLES)) {
    const { baseline, comparisons } = await compare(db, { model }) ?? { comparisons: [] };
    ok(baseline);
    const found = [baseline, ...comparisons.map(({ result }) => result)];
    deepEqual(
      found.map(({ hardware, provider, results, price_per_hour }) => [
        hardware.gpu_name,
        provider,
        results.avg_tokens_per_second,
        price_per_hour,
        shortNumber((results.avg_tokens_per_second ?? 0) * 3600 / (price_per_hour ?? 0)),
      ]),
      table,
    );
    rows += found.length;
  }
  equal(rows, 23);
});

Deno.test("published results say so, cite their source, and hold nothing that was not published", async () => {
  const { benchmarks, count } = await list(db);
  equal(count, 23);
  for (const benchmark of benchmarks) {
    const { origin, provenance, results, gpu_stats, hardware } = BenchmarkResult.parse(benchmark);
    equal(origin, "published");
    match(provenance.source ?? "", /^GPU Benchmarking Infrastructure, results of 6 February 2026/);
    equal(provenance.raw_dir, null);
    const { avg_tokens_per_second: _, min_tokens_per_second: __, max_tokens_per_second: ___, ...others } =
      results;
    deepEqual([...new Set([...Object.values(others), ...Object.values(gpu_stats)])], [null]);
    equal(hardware.gpu_memory_mib, null);
  }
});

Deno.test("best, cheapest and their speed are those of the specification", async () => {
  equal((await best(db, { model: "deepseek-r1:32b" }))?.benchmark.hardware.gpu, "RTX 5090");
  const value = await cheapest(db, { model: "qwen2:7b", min_tps: 100 });
  deepEqual([value?.benchmark.hardware.gpu, value?.benchmark.provider], ["RTX 3090", "vastai"]);
  equal(value?.cost_analysis.tokens_per_dollar, 7_533_000);
});

Deno.test("results are marked where the model does not fit, and only there", async () => {
  const { benchmarks } = await list(db);
  const marked = benchmarks.filter(({ memory }) => memory.fits === false);
  deepEqual(
    marked.map(({ model, hardware, provider, verdicts }) =>
      [model.name, hardware.gpu, provider, ...verdicts.map(({ code }) => code)].join(" ")
    ).sort(),
    [
      "deepseek-r1:32b RTX 3090 tensordock exceeds_vram",
      "deepseek-r1:32b RTX 3090 vastai exceeds_vram",
      "deepseek-r1:32b RTX 4090 tensordock exceeds_vram",
      "deepseek-r1:70b A100 80GB vastai exceeds_vram",
    ],
  );
  ok(benchmarks.every(({ memory }) => memory.fits !== null));
});

Deno.test("recommendations say in words that a model does not fit", async () => {
  const lines = (await recommend(db, { model: "deepseek-r1:32b" }))?.recommendations ?? [];
  deepEqual(lines.map(({ gpu, provider }) => `${gpu} ${provider}`), [
    "RTX 5090 vastai",
    "A100 80GB vastai",
    "RTX 4090 tensordock",
    "RTX 3090 tensordock",
    "RTX 3090 vastai",
  ]);
  equal(lines[0]?.min_vram_gib, 28);
  match(
    lines[2]?.notes ?? "",
    /Too large for it: needs 27\.5 GiB of 24\.0 GiB, so a part runs on the processor\.$/,
  );
  ok(!lines[0]?.notes.includes("Too large"));
});

Deno.test("cost efficiency: the best of each model is the one that the specification prints bold", async () => {
  const { models, rows } = CostEfficiency.parse(await costEfficiency(db));
  deepEqual(models.slice(0, 3), ["qwen2:1.5b", "phi3:mini", "qwen2:7b"]);
  const bold = rows.flatMap(({ gpu, provider, cells }) =>
    cells.filter(({ is_best }) => is_best).map(({ model }) => `${model} ${gpu} ${provider}`)
  );
  deepEqual(bold.sort(), [
    "deepseek-r1:14b RTX 3090 vastai",
    "deepseek-r1:32b RTX 5090 vastai",
    "deepseek-r1:70b H200 NVL vastai",
    "phi3:mini RTX 5070 Ti vastai",
    "qwen2:1.5b RTX 5060 Ti vastai",
    "qwen2:7b RTX 3090 vastai",
  ]);
});

Deno.test("the GPU analysis composes best use, strength and limitation from data and catalogue", async () => {
  const { gpus } = GpuAnalysis.parse(await gpuAnalysis(db));
  const of = (name: string) => gpus.find(({ gpu }) => gpu === name);
  equal(gpus.length, 8);
  const rtx5090 = of("RTX 5090");
  match(
    rtx5090?.best_for ?? "",
    /^Speed on qwen2:7b, deepseek-r1:14b and deepseek-r1:32b; tokens per dollar on/,
  );
  match(rtx5090?.strength ?? "", /2\.7 × the next$/);
  equal(of("H200 NVL")?.best_for, "deepseek-r1:70b, too large for the others");
  match(of("H200 NVL")?.limitation ?? "", /^Costs 25 × the cheapest GPU/);
  match(
    of("RTX 4090")?.limitation ?? "",
    /^deepseek-r1:32b does not fit \(needs 27\.5 GiB of 24\.0 GiB\): 13\.0 tokens\/s/,
  );
  match(of("RTX 3090")?.limitation ?? "", /Vast\.ai is 1\.8 × as fast as TensorDock on deepseek-r1:14b$/);
  deepEqual([of("RTX 3090")?.min_price_per_hour, of("RTX 3090")?.max_price_per_hour], [0.08, 0.2]);
});

Deno.test("providers are compared by price, speed and spread on the same GPU and model", async () => {
  const { providers, comparisons } = ProviderComparison.parse(await providerComparison(db));
  const [vast, tensordock] = providers;
  deepEqual([vast?.provider, tensordock?.provider], ["vastai", "tensordock"]);
  deepEqual([vast?.shared, vast?.cheapest_in, vast?.fastest_in], [5, 5, 4]);
  equal(tensordock?.price_beside_cheapest, 2.5);
  const pair = comparisons.find(({ gpu, model }) => gpu === "RTX 3090" && model === "qwen2:7b");
  deepEqual(
    pair?.offers.map(({ provider, spread_pct }) => [provider, Number(spread_pct?.toFixed(1))]),
    [["vastai", 0.7], ["tensordock", 63.9]],
  );
});

Deno.test("the picks are the specification's, but for the three that its own figures contradict", async () => {
  const all = Picks.parse(await picks(db)).picks;
  equal(all.length, 15);
  const differing = all.filter(({ published }) => published?.agrees === false);
  deepEqual(differing.map(({ name, aim, gpu, published }) => [name, aim, gpu, published?.gpu]), [
    ["32B", "performance", "RTX 5090", "A100 80GB"],
    ["70B", "budget", "H200 NVL", "A100 80GB"],
    ["Production, 32B to 70B", "balance", "RTX 5090", "A100 80GB"],
  ]);
  match(
    differing[1]?.published?.difference ?? "",
    /names A100 80GB, whose memory does not hold the model: 3\.5 tokens\/s and 38K tokens per dollar; H200 NVL gives 36\.3 tokens\/s and 65K$/,
  );
});

Deno.test("published files that cannot be read are left out with their reasons, and the others are built", async () => {
  await using broken = await temporaryRoot();
  const folder = join(broken.paths.root, "data", "published");
  const shipped = join(broken.paths.repository, "data", "published");
  for await (const { name } of Deno.readDir(shipped)) {
    await Deno.copyFile(join(shipped, name), join(folder, name));
  }
  const form = { title: "x", date: "yesterday", runtime: "ollama", results: [] };
  await Deno.writeTextFile(join(folder, "x.json"), JSON.stringify(form));
  await Deno.writeTextFile(join(folder, "y.json"), "{");
  await Deno.mkdir(join(folder, "z.json"));
  const built = await buildData(broken.paths, broken.log);
  equal(built.benchmarks, 23);
  const told = built.notices.map((notice) => notice.replace(folder, ""));
  match(
    told[0] ?? "",
    /^\/x\.json is left out: date: it is "yesterday", it must be a valid date; test_config: it is m/,
  );
  deepEqual(told.slice(1), ["/y.json is left out: it is not JSON", "/z.json is left out: it is a folder"]);
  await Deno.remove(join(folder, "y.json"));
  deepEqual((await buildData(broken.paths, broken.log)).benchmarks, 23);
});

Deno.test("a published file that is taken away takes its results and picks with it", async () => {
  await using own = await temporaryRoot();
  const shipped = join(own.paths.repository, "data", "published");
  for await (const { name } of Deno.readDir(shipped)) {
    await Deno.copyFile(join(shipped, name), join(own.paths.root, "data", "published", name));
  }
  equal((await buildData(own.paths, own.log)).benchmarks, 23);
  for await (const { name } of Deno.readDir(shipped)) {
    await Deno.remove(join(own.paths.root, "data", "published", name));
  }
  equal((await buildData(own.paths, own.log)).benchmarks, 0);
  using empty = await Database.reading(own.paths.database);
  deepEqual(await picks(empty), { picks: [] });
  deepEqual(await gpuAnalysis(empty), { gpus: [] });
});

Deno.test("a GPU that does not hold the model is never picked, however fast and cheap its result", async () => {
  await using own = await temporaryRoot();
  const result = (gpu_name: string, avg_tokens_per_second: number, price_per_hour: number) => ({
    hardware: { gpu_name },
    model: { name: "deepseek-r1:32b" },
    results: { avg_tokens_per_second },
    provider: "vastai",
    price_per_hour,
  });
  await Deno.writeTextFile(
    join(own.paths.root, "data", "published", "two.json"),
    JSON.stringify({
      title: "two",
      date: "2026-01-01",
      runtime: "ollama",
      test_config: {},
      results: [result("RTX 4090", 500, 0.01), result("RTX 5090", 72, 0.21)],
    }),
  );
  await buildData(own.paths, own.log);
  using built = await Database.reading(own.paths.database);
  deepEqual([...new Set((await picks(built)).picks.map(({ gpu }) => gpu))], ["RTX 5090"]);
  const [tooLarge] = (await gpuAnalysis(built)).gpus.filter(({ gpu }) => gpu === "RTX 4090");
  equal(tooLarge?.best_for, "No model measured that one of it holds");
});

Deno.test("two GPUs of a machine are never told as one: not their price, nor speed, nor what a dollar buys", async () => {
  await using own = await temporaryRoot();
  const result = (provider: string, gpu_count: number, rate: number, price_per_hour: number) => ({
    hardware: { gpu_name: "RTX 4090", gpu_count },
    model: { name: "deepseek-r1:14b" },
    results: { avg_tokens_per_second: rate },
    provider,
    price_per_hour,
  });
  await Deno.writeTextFile(
    join(own.paths.root, "data", "published", "pairs.json"),
    JSON.stringify({
      title: "pairs",
      date: "2026-01-01",
      runtime: "vllm",
      test_config: {},
      results: [
        result("tensordock", 1, 70, 0.4),
        result("vastai", 1, 75, 0.45),
        result("vastai", 2, 130, 0.7),
        result("runpod", 2, 126, 1.2),
      ],
    }),
  );
  await buildData(own.paths, own.log);
  using built = await Database.reading(own.paths.database);
  const [gpu] = (await gpuAnalysis(built)).gpus;
  deepEqual([gpu?.min_price_per_hour, gpu?.max_price_per_hour], [0.35, 0.6]);
  equal(gpu?.best_for, "deepseek-r1:14b, measured on no other GPU");
  equal(gpu?.strength, "75.0 tokens/s on deepseek-r1:14b, 630K tokens per dollar");
  ok(!gpu?.limitation.includes("as fast as"), gpu?.limitation);
  const { rows } = CostEfficiency.parse(await costEfficiency(built));
  deepEqual(
    rows.map((row) => [row.gpu_count, row.provider]),
    [[2, "vastai"], [1, "tensordock"], [1, "vastai"], [2, "runpod"]],
  );
  const { comparisons } = ProviderComparison.parse(await providerComparison(built));
  deepEqual(comparisons.map(({ gpu_count, offers }) => [gpu_count, offers.length]), [[1, 2], [2, 2]]);
  const [budget, fastest] = Picks.parse(await picks(built)).picks;
  deepEqual([budget?.gpu_count, fastest?.gpu_count], [2, 2]);
  equal(fastest?.why, "130.0 tokens/s on deepseek-r1:14b, 1.7 × the next GPU, RTX 4090");
});
