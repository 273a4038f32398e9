// Workloads in the data: held against what was asked, never ranked beside one another.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { best, cheapest, compare, get, list, pareto, recommend } from "../pipeline/query/mod.ts";
import { costEfficiency } from "../pipeline/query/overviews.ts";
import { listKnown, rankKnown } from "../pipeline/query/unknown.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { labelOf, type Prompts } from "../pipeline/schema/prompts.ts";
import { CUT_ENDS, GOOD_ENDS } from "../pipeline/schema/ends.ts";
import { jsonl, metadata, sealed, temporaryRoot } from "./fixtures.ts";

const FIXED: Prompts = { kind: "fixed", input_tokens: 512, output_tokens: 128 };
const CHAT: Prompts = { kind: "mix", shape: "chat" };
const SHARED: Prompts = {
  kind: "shared_prefix",
  prefix_tokens: 1024,
  input_tokens: 128,
  output_tokens: 100,
  groups: 2,
};

interface Made {
  readonly prompts?: Prompts | undefined;
  readonly model?: string;
  readonly gpu?: string;
  readonly tps?: number;
  readonly lines?: (n: number) => object;
}

/** Builds one entry for each of `made`, thirty requests of 100 tokens each, and asks. */
async function almanac<T>(made: readonly Made[], ask: (db: Database) => Promise<T>): Promise<T> {
  await using root = await temporaryRoot();
  for (
    const [index, { prompts, model = "qwen2:1.5b", gpu = "NVIDIA H100", tps = 100, lines }] of made.entries()
  ) {
    const workload = prompts === undefined
      ? {}
      : { workload: { label: labelOf(prompts), prompts, length_enforced: false, seed: 1, nonce: "n" } };
    const all = Array.from({ length: 30 }, (_, n) => ({
      t: 1767323045 + n * 2,
      n,
      tok: 100,
      tps,
      dur: 150 / tps,
      err: false,
      asked_tok: 100,
      prompt_tok: 1000,
      cached_tok: 0,
      stop: "length",
      ...lines?.(n),
    }));
    await sealed(root.paths, "run", `e${index}`, {
      "results.jsonl": jsonl(all),
      "metadata.json": metadata({
        hardware: { gpu_name: gpu, gpu_memory_mib: 81920 },
        // Small enough for every GPU to be read as fast as is told here.
        model: { name: model, size: "0.9 GB" },
        test_config: { max_tokens: 100, ...workload },
      }),
    });
  }
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  return await ask(db);
}

/** The results of `made`, in its order. */
async function resultsOf(...made: Made[]): Promise<BenchmarkResult[]> {
  const { benchmarks } = await almanac(made, list);
  const entry = ({ provenance }: BenchmarkResult) => Number(provenance.entry_id?.slice(1));
  return benchmarks.toSorted((a, b) => entry(a) - entry(b));
}

async function codesOf(...made: Made[]): Promise<string[]> {
  return (await resultsOf(...made)).map(({ verdicts }) => verdicts.map(({ code }) => code).join(" "));
}

Deno.test("answers are short beside the length that each request asked for, not beside the longest", async () => {
  const lines = (n: number) => ({ asked_tok: n % 2 === 0 ? 40 : 160, tok: n % 2 === 0 ? 40 : 160 });
  const [whole, short] = await resultsOf(
    { prompts: FIXED, lines },
    { prompts: FIXED, lines: () => ({ asked_tok: 128, tok: 64 }) },
  );
  deepEqual(whole?.verdicts, []);
  deepEqual(short?.verdicts.map(({ code, value, limit }) => [code, value, limit]), [
    ["short_output", 64, 0.9 * 128],
  ]);
});

Deno.test("a line that does not tell what was asked is held against max_tokens, as ever", async () => {
  const untold = (tok: number) => () => ({ asked_tok: null, tok });
  deepEqual(
    await codesOf(
      { lines: untold(100) },
      { lines: untold(50) },
      { prompts: { kind: "standard" }, lines: () => ({ tok: 50, stop: "stop" }) },
    ),
    ["", "short_output", "short_output"],
  );
});

Deno.test("an answer to a mix may end by itself; one that is cut off before its length is short", async () => {
  const ending = (stop: string) => (n: number) => n % 3 === 0 ? { tok: 30, stop } : {};
  deepEqual(
    await codesOf(
      { prompts: CHAT, lines: ending("stop") },
      { prompts: CHAT, lines: () => ({ tok: 30, stop: "stop" }) },
      { prompts: CHAT, lines: ending("length") },
      { prompts: FIXED, lines: ending("stop") },
    ),
    ["", "", "short_output", "short_output"],
  );
});

Deno.test("an answer ends by itself whatever its engine's word for that is, and is cut off in each word for that", async () => {
  const ending = (stop: string) => ({
    prompts: CHAT,
    lines: (n: number) => n % 3 === 0 ? { tok: 30, stop } : {},
  });
  const words = [...GOOD_ENDS, "EOS_TOKEN", "Length"];
  const codes = await codesOf(...words.map(ending));
  deepEqual(
    words.filter((_, index) => codes[index] === "short_output").map((word) => word.toLowerCase()),
    [...GOOD_ENDS.filter((word) => CUT_ENDS.includes(word)), "length"],
  );
});

Deno.test("a cached prefix is the question of a workload that shares it, and a fault of any other", async () => {
  const almostAll = () => ({ cached_tok: 950 });
  const allButFirst = (n: number) => ({ cached_tok: n < 2 ? 0 : 960 });
  const untold = () => ({ cached_tok: null });
  const made: Made[] = [
    { prompts: FIXED, lines: almostAll },
    { prompts: CHAT, lines: almostAll },
    { lines: almostAll },
    { prompts: SHARED, lines: almostAll },
    { prompts: SHARED, lines: allButFirst },
    { lines: untold },
  ];
  const results = await resultsOf(...made);
  deepEqual(results.map(({ verdicts }) => verdicts.map(({ code }) => code).join()), [
    "cache_hit",
    "cache_hit",
    "cache_hit",
    "",
    "",
    "",
  ]);
  deepEqual(results.map(({ results }) => results.cached_pct), [
    95,
    95,
    95,
    95,
    100 * 28 * 960 / 30_000,
    null,
  ]);
});

const MIXED: readonly Made[] = [
  { tps: 100 },
  { tps: 110, prompts: { kind: "standard" }, gpu: "NVIDIA L40S" },
  { tps: 900, prompts: SHARED, gpu: "NVIDIA B200" },
  { tps: 500, prompts: FIXED, gpu: "NVIDIA A100" },
  { tps: 400, prompts: FIXED, gpu: "NVIDIA L4" },
  { tps: 300, prompts: CHAT },
  { tps: 700, prompts: SHARED, model: "only shared and fixed" },
  { tps: 200, prompts: FIXED, model: "only shared and fixed" },
];

Deno.test("of results of several workloads", (test) =>
  almanac(MIXED, async (db) => {
    await test.step("rankings are those of the standard workload, told or not, unless another is asked for", async () => {
      const ranked = async (workload?: string) =>
        (await best(db, { model: "qwen2:1.5b", workload }))?.benchmark.results.avg_tokens_per_second;
      deepEqual(
        [await ranked(), await ranked("standard"), await ranked("fixed 512/128"), await ranked("chat")],
        [110, 110, 500, 300],
      );
      equal(await ranked(labelOf(SHARED)), 900);
      equal(await ranked("rag"), undefined);
      for (const [workload, count] of [[undefined, 2], ["fixed 512/128", 2], ["chat", 1]] as const) {
        const filter = { model: "qwen2:1.5b", workload };
        equal((await compare(db, filter))?.comparisons.length, count - 1);
        equal((await recommend(db, filter))?.count, count);
        equal((await pareto(db, filter))?.points.length, count);
        ok((await cheapest(db, filter))?.benchmark);
      }
    });

    await test.step("a model without the standard workload is ranked by the first of its others, the shared prefix last", async () => {
      const answer = await best(db, { model: "only shared and fixed" });
      equal(answer?.benchmark.test_config.workload, "fixed 512/128");
      equal((await compare(db, { model: "only shared and fixed" }))?.comparisons.length, 0);
    });

    await test.step("what is compared over all models is the standard workload alone", async () => {
      const rows = await db.rows("SELECT workload FROM rankable ORDER BY workload NULLS FIRST");
      deepEqual(rows.map(({ workload }) => workload), [null, "standard"]);
      const { models } = await costEfficiency(db);
      deepEqual(models, ["qwen2:1.5b"]);
    });

    await test.step("the list can be narrowed to a workload; an id finds its benchmark whatever its workload", async () => {
      const count = async (workload?: string) => (await list(db, { workload })).count;
      deepEqual([await count(), await count("standard"), await count("fixed 512/128"), await count("code")], [
        8,
        2,
        3,
        0,
      ]);
      for (const { id, test_config } of (await list(db)).benchmarks) {
        equal((await get(db, id))?.benchmark.test_config.workload, test_config.workload);
      }
    });

    await test.step("a ranking of a workload that was not measured names those that were", async () => {
      await rejects(
        rankKnown(db, { model: "qwen2:1.5b", workload: "rag" }, best),
        (error: { hint?: string }) => {
          match(String(error), /Cannot rank qwen2:1.5b at concurrency 1 with workload rag/);
          match(
            error.hint ?? "",
            /with workload chat, fixed 512\/128, shared_prefix 2x1024\+128\/100, standard;/,
          );
          return true;
        },
      );
    });

    await test.step("a list of a workload that nothing was measured with is refused with those that are known", async () => {
      await rejects(listKnown(db, { workload: "caht" }), (error: { hint?: string }) => {
        match(String(error), /Cannot find a benchmark of the workload caht: there is none/);
        match(error.hint ?? "", /^Nearest known: chat, /);
        return true;
      });
      ok((await listKnown(db, { workload: "standard" })).count > 0);
    });
  }));
