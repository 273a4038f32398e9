// Given raw lines, expect figures; and the promises of the builder: deterministic, incremental, nothing lost.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { sha256File } from "../pipeline/lib/files.ts";
import type { Paths } from "../pipeline/paths.ts";
import { list } from "../pipeline/query/mod.ts";
import { BenchmarkDetail, BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { settingsOf } from "../pipeline/schema/engine_settings.ts";
import { levelOf } from "../pipeline/schema/load.ts";
import { standing } from "./almanac.ts";
import { directory, fromHost, jsonl, metadata, plainLine, sealed, temporaryRoot } from "./fixtures.ts";

/** A request in full: sent at `second`, first text after `first` s, `tok` tokens until `dur` s. */
function fullLine(n: number, second: number, fields: object = {}): object {
  const at = (offset: number) => Math.round((second + offset) * 1e9);
  return {
    t: 1767323045 + second,
    n,
    tok: 101,
    tps: 1,
    dur: 1.2,
    err: false,
    phase: "measure",
    level: 1,
    prompt: "coding",
    scheduled_ns: at(0),
    sent_ns: at(0.01),
    first_frame_ns: at(0.2),
    first_text_ns: at(0.2),
    last_text_ns: at(1.2),
    end_ns: at(1.2),
    prompt_tok: 40,
    cached_tok: 0,
    frames: 101,
    stop: "length",
    http: 200,
    ...fields,
  };
}

async function figures(
  lines: readonly object[],
  files: Record<string, string> = {},
): Promise<BenchmarkResult[]> {
  await using root = await temporaryRoot();
  await sealed(root.paths, "r1", "e1", { "results.jsonl": jsonl(lines), ...files });
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const { benchmarks } = BenchmarkList.parse(await list(db));
  return benchmarks.toSorted((a, b) => levelOf(a.test_config) - levelOf(b.test_config));
}

const levelSummary = (level: number, interrupted: boolean) => ({
  level,
  started_at: "2026-01-02T03:04:05.000Z",
  window_seconds: 1.2,
  planned_seconds: 300,
  interrupted,
});

const codes = (benchmark: BenchmarkResult | undefined) => benchmark?.verdicts.map((verdict) => verdict.code);

Deno.test("tokens/s is (tok − 1) over the decode time, TTFT counts from the scheduled time, throughput from the wall", async () => {
  const [benchmark] = await figures([
    fullLine(0, 0),
    fullLine(1, 2, { tok: 201, scheduled_ns: 1_900_000_000 }),
  ]);
  equal(benchmark?.results.avg_tokens_per_second, 150);
  equal(benchmark?.results.p50_ttft_ms, 250);
  equal(benchmark?.results.duration_seconds, 3.2);
  equal(benchmark?.throughput_tokens_per_second, 302 / 3.2);
  equal(benchmark?.results.total_prompt_tokens, 80);
  equal(benchmark?.rate_tokens_per_second, 150);
});

Deno.test("levels that differ in their last digits, or are told twice, have an id and a row each", async () => {
  const levels = [16.00001, 16.00002, 16];
  const told = [...levels, 16].map((level) => levelSummary(level, false));
  const found = await figures(
    levels.flatMap((level, at) => [0, 1].map((n) => fullLine(2 * at + n, n, { level }))),
    { "metadata.json": metadata({ summary: { levels: told } }) },
  );
  deepEqual(found.map(({ id }) => id.split("-").at(-1)), ["c16", "c16.00001", "c16.00002"]);
  deepEqual(found.map(({ results }) => results.total_requests), [2, 2, 2]);
});

Deno.test("percentiles interpolate linearly, as numpy does", async () => {
  const [benchmark] = await figures([10, 20, 30, 40].map((tps, n) => plainLine(n, n * 2, tps)));
  deepEqual(
    [benchmark?.results.p50_tokens_per_second, benchmark?.results.p95_tokens_per_second],
    [25, 38.5],
  );
  deepEqual([benchmark?.results.min_tokens_per_second, benchmark?.results.max_tokens_per_second], [10, 40]);
});

Deno.test("warm-up, failed and stopped requests do not enter the figures; failed ones enter the error rate", async () => {
  const [benchmark] = await figures([
    fullLine(0, 0, { phase: "warmup", tok: 9999 }),
    fullLine(1, 2),
    fullLine(2, 4, { err: true, error_class: "timeout", tok: 9999 }),
    fullLine(3, 6, { err: true, error_class: "stopped", tok: 9999 }),
  ]);
  deepEqual(
    [benchmark?.results.total_requests, benchmark?.results.total_errors, benchmark?.results.error_rate],
    [2, 1, 0.5],
  );
  equal(benchmark?.results.total_tokens, 101);
  equal(benchmark?.results.avg_tokens_per_second, 100);
});

Deno.test("each load level is a benchmark of its own, ranked by throughput above one", async () => {
  const [one, two] = await figures([
    fullLine(0, 0),
    fullLine(1, 0, { level: 2 }),
    fullLine(2, 0, { level: 2 }),
  ]);
  deepEqual([one?.test_config.concurrent_reqs, two?.test_config.concurrent_reqs], [1, 2]);
  equal(one?.rate_tokens_per_second, one?.results.avg_tokens_per_second);
  equal(two?.rate_tokens_per_second, two?.throughput_tokens_per_second);
  equal(two?.throughput_tokens_per_second, 202 / 1.2);
  ok(one?.id.endsWith("-c1") && two?.id.endsWith("-c2"));
});

Deno.test("costs follow from the rate and the price", async () => {
  await using root = await temporaryRoot();
  await sealed(root.paths, "r", "e", { "results.jsonl": jsonl([fullLine(0, 0)]) });
  await buildData(root.paths, root.log);
  const { benchmarks } = JSON.parse(await Deno.readTextFile(join(root.paths.api, "benchmarks.json")));
  const path = join(root.paths.api, "benchmarks", `${benchmarks[0].id}.json`);
  const { cost_analysis } = BenchmarkDetail.parse(JSON.parse(await Deno.readTextFile(path)));
  equal(cost_analysis.cost_per_hour, 0.36);
  equal(cost_analysis.tokens_per_dollar, 100 * 3600 / 0.36);
  equal(cost_analysis.cost_per_million_tokens, 1);
  equal(cost_analysis.estimated_monthly_24x7, 0.36 * 24 * 30);
});

Deno.test("energy is the mean power of all GPUs over the window for each output token, null where telemetry has a gap", async () => {
  const lines = [fullLine(0, 0), fullLine(1, 2, { tok: 99 })];
  const samples = (seconds: readonly number[]) =>
    `timestamp,index,power.draw\n${
      seconds.flatMap((second) =>
        [0, 1].map((gpu) => `2026/01/02 03:04:0${5 + second}.000, ${gpu}, ${100 + gpu * 50}\n`)
      ).join("")
    }`;
  const [whole] = await figures(lines, { "gpu.csv": samples([0, 1, 2, 3]) });
  equal(whole?.results.duration_seconds, 3.2);
  equal(whole?.joules_per_output_token, 250 * 3.2 / 200);
  const [gap] = await figures([...lines, fullLine(2, 4)], { "gpu.csv": samples([0, 1]) });
  equal(gap?.gpu_stats.avg_power_draw_w, 250);
  equal(gap?.joules_per_output_token, null);
});

/** The verdict, the requests that provoke it, and the files beside them. */
const PROVOKED: [string, object[], Record<string, string>][] = [
  ["cache_hit", [0, 0, 20].map((cached_tok, n) => fullLine(n, n * 2, { cached_tok })), {}],
  ["cache_hit", [39, 39, 39].map((cached_tok, n) => fullLine(n, n * 2, { cached_tok })), {}],
  ["server_errors", [fullLine(0, 0), fullLine(1, 2, { err: true, error_class: "http" })], {}],
  ["truncated_stream", [fullLine(0, 0), fullLine(1, 2, { err: true, error_class: "truncated" })], {}],
  ["short_output", [fullLine(0, 0)], {}],
  ["frames_counted", [fullLine(0, 0, { tok_from: "engine" }), fullLine(1, 2, { tok_from: "frames" })], {}],
  ["too_few_requests", [fullLine(0, 0)], {}],
  [
    "non_stationary",
    Array.from({ length: 20 }, (_, n) => plainLine(n, n * 2, n < 10 ? 100 : 90)),
    {},
  ],
  ["interrupted", [fullLine(0, 0)], {
    "metadata.json": metadata({ summary: { levels: [levelSummary(1, true)] } }),
  }],
  ["interrupted", [fullLine(0, 0)], { "metadata.json": metadata({ summary: { levels: [] } }) }],
  ["cpu_spill", [fullLine(0, 0)], {
    "metadata.json": metadata({ model: { size_vram_bytes: 1e9, size_loaded_bytes: 4e9 } }),
  }],
  ["telemetry_gap", [fullLine(0, 0, { dur: 9 })], {
    "gpu.csv": "2026/01/02 03:04:05.000, 1, 1, 1, 1, 1\n2026/01/02 03:04:10.000, 1, 1, 1, 1, 1\n",
  }],
  ["telemetry_gap", [fullLine(0, 0), fullLine(1, 7)], {
    "gpu.csv": "2026/01/02 03:04:05.000, 1, 1, 1, 1, 1\n",
  }],
  ["throttled_thermal", [fullLine(0, 0)], {
    "gpu.csv":
      "timestamp,index,clocks_event_reasons.active\n2026/01/02 03:04:05.000, 0, 0x0000000000000040\n",
  }],
];

const provoked = await standing(async (paths) => {
  for (const [n, [, lines, files]] of PROVOKED.entries()) {
    await sealed(paths, "r1", `e${n}`, fromHost(`host ${n}`, { "results.jsonl": jsonl(lines), ...files }));
  }
});

for (const [n, [code, lines, files]] of PROVOKED.entries()) {
  const how = Object.keys(files).length === 0
    ? `${lines.length} requests`
    : `${lines.length} requests and ${Object.keys(files)}`;
  Deno.test(`the verdict ${code} is given to ${how}, with its number beyond its limit`, async () => {
    const { benchmarks } = BenchmarkList.parse(await provoked((db) => list(db)));
    const benchmark = benchmarks.find(({ provenance }) => provenance.entry_id === `e${n}`);
    ok(codes(benchmark)?.some((found) => found === code), String(codes(benchmark)));
    const verdict = benchmark?.verdicts.find((found) => found.code === code);
    ok(Number.isFinite(verdict?.value) && verdict?.value !== verdict?.limit);
  });
}

Deno.test("a chat template's own prefix, cached in all but the first request of a slot, is no cache hit", async () => {
  const lines = Array.from(
    { length: 30 },
    (_, n) => fullLine(n, n * 2, { tok: 256, cached_tok: n < 2 ? 0 : 24 }),
  );
  deepEqual(codes((await figures(lines))[0]), []);
});

Deno.test("what was asked of an engine, where it came from and its checksum stand in the table, null where not told", async () => {
  const runtime_install = {
    asked: "latest",
    version: "0.40.2",
    source: "https://a/b.tar.zst",
    sha256: "0f".repeat(32),
  };
  const told = async (model: object) => {
    const [benchmark] = await figures([fullLine(0, 0)], { "metadata.json": metadata({ model }) });
    const { runtime_version, runtime_asked, runtime_source, runtime_sha256 } = benchmark?.model ?? {};
    return [runtime_version, runtime_asked, runtime_source, runtime_sha256];
  };
  deepEqual(await told({ runtime_version: "0.40.2", runtime_install }), [
    "0.40.2",
    "latest",
    "https://a/b.tar.zst",
    "0f".repeat(32),
  ]);
  deepEqual(await told({ runtime_install: { ...runtime_install, asked: null, sha256: null } }), [
    "0.12",
    null,
    "https://a/b.tar.zst",
    null,
  ]);
  deepEqual(await told({}), ["0.12", null, null, null]);
});

Deno.test("the flags of its server, what they say, and figures of one GPU of several stand beside a result", async () => {
  const flags = ["--tensor-parallel-size", "4", "--dtype", "float16"];
  const test_config = { engine_flags: flags, engine_settings: settingsOf("vllm", flags) };
  const hardware = { gpu_name: "NVIDIA H100 80GB HBM3", gpu_count: 4 };
  const [four] = await figures([fullLine(0, 0)], { "metadata.json": metadata({ hardware, test_config }) });
  deepEqual(four?.engine, { flags, ...settingsOf("vllm", flags) });
  equal(four?.rate_tokens_per_second_per_gpu, (four?.rate_tokens_per_second ?? NaN) / 4);
  equal(four?.throughput_tokens_per_second_per_gpu, (four?.throughput_tokens_per_second ?? NaN) / 4);
  const [older] = await figures([fullLine(0, 0)]);
  deepEqual(new Set(Object.values(older?.engine ?? {})), new Set([null]));
});

Deno.test("a clean benchmark has no verdict", async () => {
  const lines = Array.from({ length: 30 }, (_, n) => fullLine(n, n * 1.2, { tok: 256 }));
  deepEqual(codes((await figures(lines))[0]), []);
  const whole = metadata({ summary: { levels: [levelSummary(1, false)] } });
  deepEqual(codes((await figures(lines, { "metadata.json": whole }))[0]), []);
});

/** Every file below data/export by digest; Parquet and DuckDB files carry no promise of equal bytes. */
async function digests(paths: Paths): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const visit = async (folder: string) => {
    for await (const item of Deno.readDir(folder)) {
      const path = join(folder, item.name);
      if (item.isDirectory) await visit(path);
      else if (path.endsWith(".json")) {
        found.set(path.slice(paths.root.length), (await sha256File(path)).sha256);
      }
    }
  };
  await visit(paths.exported);
  return new Map([...found].sort());
}

Deno.test("the same evidence gives byte-identical JSON on another root, built at once or run by run", async () => {
  await using one = await temporaryRoot();
  await using two = await temporaryRoot();
  const fill = (paths: Paths, run: string) =>
    sealed(paths, run, "e", { "results.jsonl": jsonl([fullLine(0, 0, { n: run.length })]) });
  for (const run of ["a", "bb", "ccc"]) await fill(one.paths, run);
  await buildData(one.paths, one.log);
  for (const run of ["ccc", "a", "bb"]) {
    await fill(two.paths, run);
    await buildData(two.paths, two.log);
  }
  deepEqual(await digests(two.paths), await digests(one.paths));
});

Deno.test("a second build after one new run reads only that run, a third reads nothing", async () => {
  await using root = await temporaryRoot();
  const lines = { "results.jsonl": jsonl([fullLine(0, 0)]) };
  await sealed(root.paths, "a", "e1", lines);
  await sealed(root.paths, "a", "e2", { "results.jsonl": jsonl([fullLine(5, 0)]) });
  equal((await buildData(root.paths, root.log)).directories_read, 2);
  await sealed(root.paths, "b", "e", { "results.jsonl": jsonl([fullLine(7, 0)]) });
  const { openSync } = Deno;
  const opened: string[] = [];
  const open = (path: string | URL, options?: Deno.OpenOptions) => {
    opened.push(String(path));
    return openSync(path, options);
  };
  Object.assign(Deno, { openSync: open });
  try {
    const second = await buildData(root.paths, root.log);
    deepEqual([second.directories_read, second.runs_read, second.benchmarks], [1, 1, 3]);
    const evidence = opened.filter((path) => path.endsWith("results.jsonl"));
    deepEqual([...new Set(evidence)], [join(root.paths.raw, "b", "e", "results.jsonl")]);
    opened.length = 0;
    equal((await buildData(root.paths, root.log)).directories_read, 0);
    deepEqual(opened.filter((path) => path.endsWith("results.jsonl")), []);
  } finally {
    Object.assign(Deno, { openSync });
  }
});

Deno.test("a run that is taken away takes its benchmarks and files with it", async () => {
  await using root = await temporaryRoot();
  await sealed(root.paths, "a", "e", { "results.jsonl": jsonl([fullLine(0, 0)]) });
  await sealed(root.paths, "b", "e", {
    "results.jsonl": jsonl([fullLine(1, 0)]),
    "metadata.json": metadata({ model: { name: "other" } }),
  });
  await buildData(root.paths, root.log);
  await Deno.stat(join(root.paths.api, "best", "other.json"));
  await Deno.remove(join(root.paths.raw, "b"), { recursive: true });
  equal((await buildData(root.paths, root.log)).benchmarks, 1);
  await rejects(Deno.stat(join(root.paths.api, "best", "other.json")), Deno.errors.NotFound);
  const index = JSON.parse(await Deno.readTextFile(join(root.paths.api, "index.json")));
  deepEqual(index.models.map((model: { name: string }) => model.name), ["qwen2:7b"]);
});

Deno.test("a build that fails leaves data/export as it was, and says why", async () => {
  await using root = await temporaryRoot();
  await sealed(root.paths, "a", "e", { "results.jsonl": jsonl([fullLine(0, 0)]) });
  await buildData(root.paths, root.log);
  const before = await digests(root.paths);
  await sealed(root.paths, "b", "e", { "results.jsonl": jsonl([fullLine(1, 0)]) });
  const catalog = await directory(join(root.paths.root, "data"), "catalog", { "gpus.json": "{" });
  await rejects(buildData(root.paths, root.log), /^UserError: Cannot read the catalogue .*gpus\.json/);
  await Deno.remove(catalog, { recursive: true });
  deepEqual(await digests(root.paths), before);
  using db = await Database.reading(root.paths.database);
  equal((await list(db)).count, 1);
});

Deno.test("a directory that was not collected to its end is left out with a notice", async () => {
  await using root = await temporaryRoot();
  const dir = await sealed(root.paths, "a", "e", { "results.jsonl": jsonl([fullLine(0, 0)]) });
  await Deno.remove(join(dir, "provenance.json"));
  const { notices, benchmarks } = await buildData(root.paths, root.log);
  equal(benchmarks, 0);
  match(notices.join(), /no provenance\.json/);
});

Deno.test("evidence that lies in two runs counts once, in the first of them, and the other is named", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  const built = async () => {
    const { notices } = await buildData(paths, log);
    using db = await Database.reading(paths.database);
    return [(await list(db)).benchmarks.map(({ provenance }) => provenance.run_id), notices.length];
  };
  const lines = { "results.jsonl": jsonl([fullLine(0, 0)]) };
  await sealed(paths, "b", "e", lines);
  deepEqual(await built(), [["b"], 0]);
  await sealed(paths, "a", "e", lines);
  deepEqual(await built(), [["a"], 1]);
  match(
    (await buildData(paths, log)).notices.join(),
    /b\/e is left out: it holds the same evidence as .*a\/e$/,
  );
  await Deno.remove(join(paths.raw, "a"), { recursive: true });
  deepEqual(await built(), [["b"], 0]);
});

Deno.test("every number of the index is the file's own", async () => {
  await using root = await temporaryRoot();
  await sealed(root.paths, "a", "e", { "results.jsonl": jsonl([fullLine(0, 0)]) });
  await buildData(root.paths, root.log);
  const index = JSON.parse(await Deno.readTextFile(join(root.paths.api, "index.json")));
  ok(index.files.length >= 8);
  for (const { path, bytes, sha256 } of index.files) {
    deepEqual(await sha256File(join(root.paths.api, path)), { sha256, bytes });
  }
});

Deno.test("every column of every table is explained in the dictionary or by its name and unit", async () => {
  await using root = await temporaryRoot();
  await sealed(root.paths, "a", "e", { "results.jsonl": jsonl([fullLine(0, 0)]) });
  await buildData(root.paths, root.log);
  const { tables } = JSON.parse(await Deno.readTextFile(join(root.paths.exported, "dictionary.json")));
  deepEqual(Object.keys(tables), [
    "benchmark_manifest",
    "benchmarks",
    "chunks",
    "definitions",
    "gpu_samples",
    "gpus",
    "machines",
    "models",
    "requests",
    "slo_tiers",
    "spreads",
  ]);
  const unexplained = Object.entries(tables).flatMap(([table, columns]) =>
    (columns as { column: string; description: string | null }[]).filter(({ description }) =>
      description === null
    )
      .map(({ column }) => `${table}.${column}`)
  );
  deepEqual(unexplained, []);
});

Deno.test("Parquet holds the lines of the evidence, typed and in order", async () => {
  await using root = await temporaryRoot();
  await sealed(root.paths, "a", "e", { "results.jsonl": jsonl([fullLine(0, 0), fullLine(1, 2)]) });
  await buildData(root.paths, root.log);
  using db = await Database.inMemory();
  const glob = join(root.paths.exported, "requests.parquet", "*.parquet");
  const rows = await db.rows("SELECT n::INTEGER AS n, sent_at, tokens_per_second FROM read_parquet($glob)", {
    glob,
  });
  deepEqual(rows, [
    { n: 0, sent_at: new Date("2026-01-02T03:04:05Z"), tokens_per_second: 100 },
    { n: 1, sent_at: new Date("2026-01-02T03:04:07Z"), tokens_per_second: 100 },
  ]);
});
