// The almanac's questions over hand-made results: rankings, prices, comparisons, and the same bytes on every side.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import type { Source } from "../pipeline/lib/seal.ts";
import type { Paths } from "../pipeline/paths.ts";
import { best, cheapest, cheapestFile, compare, list, pareto, recommend } from "../pipeline/query/mod.ts";
import { costEfficiency, gpuAnalysis, providerComparison } from "../pipeline/query/overviews.ts";
import { renderAnswer, renderList } from "../pipeline/query/render.ts";
import {
  BenchmarkAnswer,
  CheapestFile,
  Comparison,
  Pareto,
  Recommendations,
} from "../pipeline/schema/api.ts";
import { CostEfficiency, GpuAnalysis, ProviderComparison } from "../pipeline/schema/overview.ts";
import { compared } from "../pipeline/schema/compared.ts";
import { almanac, standing } from "./almanac.ts";
import { cli, startWith } from "./e2e/cli.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "./fixtures.ts";

const MODEL = "qwen2:7b";

/** A result on `gpu` with `tps` tokens/s at `price`. */
async function result(
  paths: Paths,
  name: string,
  gpu: string,
  tps: number,
  price: number | null,
  more: {
    source?: Partial<Source>;
    level?: number;
    failed?: number;
    gib?: number;
    count?: number;
    unknown?: true;
    model?: string;
  } = {},
): Promise<void> {
  const level = more.level ?? 1;
  const lines = Array.from({ length: 12 }, (_, n) => ({
    ...plainLine(n, n * 2, tps),
    level,
    err: n < (more.failed ?? 0),
  }));
  await sealed(paths, "run", name, {
    "results.jsonl": jsonl(lines),
    "metadata.json": metadata({
      hardware: more.unknown
        ? { gpu_name: null, cpu_model: null, gpu_memory_mib: null, gpu_count: null }
        : { gpu_name: gpu, gpu_memory_mib: (more.gib ?? 24) * 1024, gpu_count: more.count ?? 1 },
      model: { name: more.model ?? MODEL },
    }),
  }, { price_per_hour: price, ...more.source });
}

async function three(paths: Paths): Promise<void> {
  await result(paths, "a", "NVIDIA H100 80GB HBM3", 200, 2.4, { gib: 80 });
  await result(paths, "b", "NVIDIA GeForce RTX 4090", 120, 0.4);
  await result(paths, "c", "NVIDIA GeForce RTX 3090", 80, 0.16);
}

const ofThree = await standing(three);

Deno.test("best is the fastest, cheapest the most tokens per dollar at the speed asked for", () =>
  ofThree(async (db) => {
    equal((await best(db, { model: MODEL }))?.benchmark.hardware.gpu_name, "NVIDIA H100 80GB HBM3");
    const answer = await cheapest(db, { model: MODEL });
    equal(answer?.benchmark.hardware.gpu_name, "NVIDIA GeForce RTX 3090");
    equal(answer?.cost_analysis.tokens_per_dollar, 80 * 3600 / 0.16);
    const fast = await cheapest(db, { model: MODEL, min_tps: 100 });
    equal(fast?.benchmark.hardware.gpu_name, "NVIDIA GeForce RTX 4090");
    equal(await cheapest(db, { model: MODEL, min_tps: 500 }), null);
  }));

Deno.test("the frontier of the static file answers every min_tps as the query does", () =>
  almanac(async (paths) => {
    await three(paths);
    await result(paths, "d", "NVIDIA A100", 110, 1.5);
    await result(paths, "e", "NVIDIA L40S", 130, 0.5);
  }, async (db) => {
    const { frontier } = CheapestFile.parse(await cheapestFile(db, { model: MODEL }));
    equal(frontier.length, 4);
    for (let min_tps = 1; min_tps <= 210; min_tps += 0.5) {
      const asked = await cheapest(db, { model: MODEL, min_tps });
      equal(frontier.find((step) => step.min_tps >= min_tps)?.id, asked?.benchmark.id, `min_tps ${min_tps}`);
    }
  }));

Deno.test("the Pareto frontier holds what no other benchmark beats in price and speed, equals included", () =>
  almanac(async (paths) => {
    await three(paths);
    await result(paths, "dearer and slower", "NVIDIA A100", 110, 1.5);
    await result(paths, "as cheap and slower", "NVIDIA L4", 70, 0.16);
    await result(paths, "as fast and dearer", "NVIDIA L40S", 120, 0.5);
    await result(paths, "its equal", "NVIDIA RTX A5000", 80, 0.16);
    await result(paths, "without a price", "NVIDIA B200", 900, null);
  }, async (db) => {
    const { points } = Pareto.parse(await pareto(db, { model: MODEL }));
    deepEqual(
      points.map((point) => [point.price_per_hour, point.rate_tokens_per_second, point.on_frontier]),
      [
        [0.16, 80, true],
        [0.16, 80, true],
        [0.16, 70, false],
        [0.4, 120, true],
        [0.5, 120, false],
        [1.5, 110, false],
        [2.4, 200, true],
      ],
    );
    equal(points.at(-1)?.tokens_per_dollar, 200 * 3600 / 2.4);
    equal(await pareto(db, { model: "unknown" }), null);
  }));

Deno.test("compare sets all hardware beside the fastest, which is not repeated", () =>
  ofThree(async (db) => {
    const { baseline, comparisons } = Comparison.parse(await compare(db, { model: MODEL }));
    equal(baseline.hardware.gpu_name, "NVIDIA H100 80GB HBM3");
    deepEqual(comparisons.map((line) => [line.speedup_factor, line.memory_efficiency]), [
      [0.6, (120 / 24) / (200 / 80)],
      [0.4, (80 / 24) / (200 / 80)],
    ]);
    equal(comparisons[1]?.cost_efficiency, 6);
    const [itself, ...others] = compared({ baseline, comparisons });
    deepEqual([itself?.speedup_factor, itself?.cost_efficiency, itself?.memory_efficiency], [1, 1, 1]);
    deepEqual(others, comparisons);
  }));

Deno.test("recommendations are of machines that there are: a GPU, how many, a provider, its average speed and the price of that", () =>
  almanac(async (paths) => {
    await three(paths);
    await result(paths, "c2", "NVIDIA GeForce RTX 3090", 100, 0.2);
    await result(paths, "c3", "NVIDIA GeForce RTX 3090", 300, null);
    await result(paths, "c4", "NVIDIA GeForce RTX 3090", 90, 0.3, { source: { provider: "tensordock" } });
    await result(paths, "c5", "NVIDIA GeForce RTX 3090", 150, 0.32, { count: 2 });
  }, async (db) => {
    const kinds = (answer: unknown) =>
      Recommendations.parse(answer).recommendations.map((line) => [
        line.gpu,
        line.gpu_count,
        line.provider,
        line.benchmarks,
        line.expected_tps,
        line.estimated_cost_per_hour?.toFixed(2),
        line.tokens_per_dollar?.toFixed(0),
      ]);
    const speed = [
      ["H100 SXM", 1, "vastai", 1, 200, "2.40", "300000"],
      ["RTX 3090", 2, "vastai", 1, 150, "0.32", "1687500"],
      ["RTX 4090", 1, "vastai", 1, 120, "0.40", "1080000"],
      ["RTX 3090", 1, "tensordock", 1, 90, "0.30", "1080000"],
      ["RTX 3090", 1, "vastai", 2, 90, "0.18", "1800000"],
    ];
    deepEqual(kinds(await recommend(db, { model: MODEL })), speed);
    const dollars = await recommend(db, { model: MODEL, by: "dollars" });
    deepEqual(kinds(dollars), [4, 1, 2, 3, 0].map((index) => speed[index]));
    const [first] = dollars?.recommendations ?? [];
    equal(
      first?.notes,
      "Average of 2 benchmarks that cost $0.160 to $0.200 an hour. $0.556 per million tokens.",
    );
  }));

Deno.test("machines with one GPU and with two are no offers of the same, and the price of one GPU is its share of its machine's", () =>
  almanac(async (paths) => {
    await result(paths, "one", "NVIDIA GeForce RTX 4090", 100, 0.4);
    await result(paths, "two", "NVIDIA GeForce RTX 4090", 170, 0.8, {
      count: 2,
      source: { provider: "tensordock" },
    });
  }, async (db) => {
    const { comparisons, providers } = ProviderComparison.parse(await providerComparison(db));
    deepEqual([comparisons, providers.map(({ shared }) => shared)], [[], [0, 0]]);
    const { rows } = CostEfficiency.parse(await costEfficiency(db));
    deepEqual(rows.map(({ gpu_count, provider }) => [gpu_count, provider]), [[1, "vastai"], [
      2,
      "tensordock",
    ]]);
    const { gpus } = GpuAnalysis.parse(await gpuAnalysis(db));
    deepEqual(gpus.map(({ benchmarks, max_price_per_hour }) => [benchmarks, max_price_per_hour]), [[2, 0.4]]);
  }));

Deno.test("what interruptible machines cost is not averaged with what others cost, and is told beside every such result", () =>
  almanac(async (paths) => {
    const rented = (market: "on_demand" | "interruptible") => ({
      source: {
        rental: {
          machine_id: "m",
          session_id: null,
          offer_id: "o",
          host: null,
          clock_ahead_seconds: null,
          market,
        },
      },
    });
    await result(paths, "bid", "NVIDIA GeForce RTX 4090", 100, 0.2, rented("interruptible"));
    await result(paths, "dear", "NVIDIA GeForce RTX 4090", 90, 0.4, rented("on_demand"));
    await result(paths, "own", "NVIDIA GeForce RTX 4090", 80, 0.4);
  }, async (db) => {
    const { recommendations = [] } = await recommend(db, { model: MODEL }) ?? {};
    deepEqual(
      recommendations.map((line) => [line.interruptible, line.benchmarks, line.estimated_cost_per_hour]),
      [[true, 1, 0.2], [false, 2, 0.4]],
    );
    match(recommendations[0]?.notes ?? "", / Interruptible: these machines may be taken away\.$/);
    const found = await cheapest(db, { model: MODEL });
    equal(found?.benchmark.market, "interruptible");
    if (found !== null) match(renderAnswer(found), /^market +interruptible: may be taken away$/m);
    const all = await list(db, {});
    deepEqual(all.benchmarks.map(({ market }) => market).toSorted(), ["interruptible", null, "on_demand"]);
    match(renderList(all), /interruptible: the machine may be taken away/);
  }));

Deno.test("the memory that a model needs is that of the model, in whole GiB, and null where its size is not known", () =>
  almanac(async (paths) => {
    await three(paths);
    await result(paths, "other", "NVIDIA GeForce RTX 4090", 50, 0.4, { model: "of-no-known-size" });
  }, async (db) => {
    for (const [model, gib] of [[MODEL, 7], ["of-no-known-size", null]] as const) {
      const { recommendations } = Recommendations.parse(await recommend(db, { model }));
      deepEqual(new Set(recommendations.map(({ min_vram_gib }) => min_vram_gib)), new Set([gib]));
    }
  }));

for (
  const [what, more] of [
    ["with a fatal verdict", { failed: 1 }],
    ["that were simulated", { source: { origin: "simulated" } }],
    ["imported from another tool", { source: { origin: "imported" } }],
    ["on unknown hardware", { unknown: true }],
    ["at another load level", { level: 4 }],
  ] as const
) {
  Deno.test(`results ${what} are listed but not ranked`, () =>
    almanac(async (paths) => {
      await result(paths, "a", "NVIDIA GeForce RTX 3090", 50, 0.16);
      await result(paths, "b", "NVIDIA H100", 900, 0.01, more);
    }, async (db) => {
      equal((await list(db, { model: MODEL })).count, 2);
      equal((await best(db, { model: MODEL }))?.benchmark.hardware.gpu_name, "NVIDIA GeForce RTX 3090");
      equal((await cheapest(db, { model: MODEL }))?.benchmark.hardware.gpu_name, "NVIDIA GeForce RTX 3090");
      equal((await recommend(db, { model: MODEL }))?.count, 1);
    }));
}

Deno.test("filters combine: a part of the GPU's name in any case, provider, runtime, level, limit", () =>
  almanac(async (paths) => {
    await three(paths);
    await result(paths, "d", "NVIDIA GeForce RTX 3090", 70, 0.2, {
      source: { provider: "tensordock" },
      level: 8,
    });
  }, async (db) => {
    equal((await list(db, { gpu: "rtx" })).count, 3);
    equal((await list(db, { gpu: "3090", provider: "vastai" })).count, 1);
    equal((await list(db, { concurrency: 8 })).count, 1);
    equal((await list(db, { runtime: "vllm" })).count, 0);
    equal((await list(db, { limit: 2 })).count, 2);
    equal(
      (await best(db, { model: MODEL, gpu: "RTX" }))?.benchmark.hardware.gpu_name,
      "NVIDIA GeForce RTX 4090",
    );
    equal((await best(db, { model: MODEL, concurrency: 8 }))?.benchmark.provider, "tensordock");
  }));

Deno.test("hostile names are data, not SQL", () =>
  ofThree(async (db) => {
    const hostile = "x' OR 1=1; DROP TABLE benchmarks; --";
    equal((await list(db, { model: hostile })).count, 0);
    equal((await list(db, { gpu: "%" })).count, 0);
    equal((await list(db)).count, 3);
  }));

function asked(root: string, ...args: string[]) {
  return cli("benchmarks", ...args, "--root", root);
}

/** The same on a terminal of so many columns. */
function askedOn(columns: number, root: string, ...args: string[]) {
  return startWith({ COLUMNS: String(columns) }, "benchmarks", ...args, "--root", root).ended;
}

Deno.test("the command line's JSON is byte for byte the file of the mirror", () =>
  ofThree(async (_db, paths) => {
    const questions = { best: "best", recommend: "recommendations", compare: "compare" };
    for (const [question, folder] of Object.entries(questions)) {
      const { out } = await asked(paths.root, question, "--model", MODEL, "--output", "json");
      equal(out, await Deno.readTextFile(join(paths.api, folder, "qwen2-7b.json")), question);
    }
    const { out } = await asked(paths.root, "--output", "json");
    equal(out, await Deno.readTextFile(join(paths.api, "benchmarks.json")));
    const cheapestOut = JSON.parse(
      (await asked(paths.root, "cheapest", "--model", MODEL, "--output", "json")).out,
    );
    const { frontier: _, ...file } = JSON.parse(
      await Deno.readTextFile(join(paths.api, "cheapest", "qwen2-7b.json")),
    );
    deepEqual(BenchmarkAnswer.parse(cheapestOut), file);
  }));

Deno.test("every table fits 80 columns, however long the names", () =>
  almanac(async (paths) => {
    await three(paths);
    await result(
      paths,
      "d",
      "NVIDIA RTX PRO 6000 Blackwell Server Edition with a very long name",
      300,
      1234.56,
      {
        count: 8,
        source: { provider: "a-provider-with-quite-a-long-name" },
      },
    );
  }, async (_db, paths) => {
    for (const question of [[], ["best"], ["cheapest"], ["recommend"], ["compare"]]) {
      const model = question.length === 0 ? [] : ["--model", MODEL];
      const { out, code } = await askedOn(80, paths.root, ...question, ...model);
      equal(code, 0);
      for (const line of out.split("\n")) {
        if (/[│┌├└]/.test(line)) ok(line.length <= 80, `${line.length}: ${line}`);
      }
    }
  }));

Deno.test("a model, GPU, provider or runtime that no benchmark has is refused with the nearest known ones", () =>
  ofThree(async (_db, paths) => {
    for (
      const [args, words] of [
        [["best", "--model", "qwen2:8b"], "the model qwen2:8b: there is none\nNearest known: qwen2:7b."],
        [["--model", "qwen2:8b"], "the model qwen2:8b: there is none\nNearest known: qwen2:7b."],
        [["--gpu", "RTX 4080"], "the GPU RTX 4080: there is none\nNearest known: RTX 4090, "],
        [["--provider", "vast"], "the provider vast: there is none\nNearest known: vastai."],
        [
          ["compare", "--model", MODEL, "--runtime", "olama"],
          "the runtime olama: there is none\nNearest known: ollama.",
        ],
      ] as const
    ) {
      const { code, err } = await asked(paths.root, ...args);
      equal(code, 1);
      ok(err.startsWith(`Cannot find a benchmark of ${words}`), err);
    }
    const slow = await asked(paths.root, "cheapest", "--model", MODEL, "--min-tps", "9999");
    match(slow.err, /that reaches 9999 tokens\/s at concurrency 1\n/);
    match(slow.err, /\nThe fastest that has a price gives 200\.0 tokens\/s on H100 SXM at Vast\.ai: /);
  }));

Deno.test("a list of more than 200 is refused, and filters that are known but fit nothing together give an empty one", () =>
  ofThree(async (_db, paths) => {
    const { code, err } = await asked(paths.root, "--limit", "201");
    equal(code, 2);
    match(err, /must be at most 200/);
    const { out } = await asked(paths.root, "--gpu", "H100", "--concurrency", "2", "--output", "json");
    deepEqual(JSON.parse(out), { benchmarks: [], count: 0 });
  }));

Deno.test("an unknown question is refused with the nearest known ones, an unknown option with the nearest", async () => {
  await using root = await temporaryRoot();
  const question = await asked(root.paths.root, "bets");
  equal(question.code, 2);
  match(question.err, /Cannot answer "benchmarks bets": there is no such question\nNearest known: best, /);
  const option = await asked(root.paths.root, "--modell", "x");
  equal(option.code, 2);
  match(
    option.err,
    /^Cannot run benchmarks: unknown option '--modell'\nDid you mean --model\? Known options: --root, /,
  );
});

Deno.test("options before the question are refused rather than lost", async () => {
  await using root = await temporaryRoot();
  const { code, err } = await asked(root.paths.root, "--concurrency", "2", "best", "--model", MODEL);
  equal(code, 2);
  match(err, /^Cannot run benchmarks best: --concurrency stands before "best"\nWrite it behind: /);
});

for (
  const [words, found, advice] of [
    ["best --model m --slo ttft=500", "'ttft=500' is invalid", '"ttft=500" has no unit. It takes '],
    ["best --model m --slo foo=1ms", "'foo=1ms' is invalid", '"foo=1ms" is not known. It takes '],
    ["best --model m --slo ttft=0ms", "'ttft=0ms' is invalid", '"ttft=0ms" is no limit above 0. It takes '],
    ["best", "--model <name>' not specified", "What it takes: deno task benchmarks best --help"],
  ] as const
) {
  Deno.test(`"benchmarks ${words}" says what was found and what it takes`, async () => {
    await using root = await temporaryRoot();
    const { code, err } = await asked(root.paths.root, ...words.split(" "));
    equal(code, 2);
    match(err, /^Cannot run benchmarks best: [^\n]+\n[^\n]+\n$/);
    ok(err.includes(`${found}\n${advice}`), err);
  });
}

Deno.test("without built data it is built first, with the results that are published with the almanac", async () => {
  await using root = await temporaryRoot();
  await Deno.remove(join(root.paths.root, "data", "published"));
  const { code, out, err } = await asked(root.paths.root, "best", "--model", "deepseek-r1:32b");
  equal(code, 0);
  match(err, /there is no built data yet, building it/);
  match(out, /RTX 5090/);
  match(out, /72\.5 average/);
});

Deno.test("data that another version built is built anew before it is asked", async () => {
  await using root = await temporaryRoot();
  await Deno.remove(join(root.paths.root, "data", "published"));
  const ask = () => asked(root.paths.root, "best", "--model", "deepseek-r1:32b");
  const first = await ask();
  const record = join(root.paths.exported, ".built");
  await Deno.writeTextFile(
    record,
    JSON.stringify({ ...JSON.parse(await Deno.readTextFile(record)), version: "of another" }),
  );
  await Deno.writeTextFile(root.paths.database, "tables of long ago");
  const { code, out, err } = await ask();
  equal(code, 0, err);
  match(err, /the data was built by another version of the almanac, building it anew/);
  equal(out, first.out);
  equal((await ask()).err, "");
});
