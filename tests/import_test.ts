// The specification's directories as they are found in the wild, from import to figures.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { importDirectories, type ImportFacts } from "../pipeline/importers/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { list } from "../pipeline/query/mod.ts";
import { directory, jsonl, metadata, plainLine, temporaryRoot } from "./fixtures.ts";

const facts: ImportFacts = { provider: "vastai", price: 0.16, location: "US" };
const now = new Date("2026-11-24T12:00:00Z");

/** Imports one directory, builds, and gives what came of it. */
async function importAndBuild(files: Record<string, string>) {
  await using root = await temporaryRoot();
  const dir = await directory(join(root.paths.root, "in"), "bench_1", files);
  const result = await importDirectories([dir], facts, root.paths, root.log, now);
  if (result.imported.length === 0) return { result, said: root.said, benchmarks: [], samples: [] };
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const { benchmarks } = await list(db);
  const samples = await db.rows(
    "SELECT * FROM read_parquet($glob) ORDER BY sampled_at, gpu_index",
    { glob: join(root.paths.exported, "gpu_samples.parquet", "*.parquet") },
  );
  return { result, said: root.said, benchmarks, samples };
}

Deno.test("a directory with only the specification's minimal keys imports as measured at concurrency 1", async () => {
  const { benchmarks, result } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100), plainLine(1, 2, 120)]),
    "metadata.json": JSON.stringify({ hardware: { gpu_name: "RTX 3090" }, model: { name: "m" } }),
    "gpu.csv": "2026/01/02 03:04:05.000, 95, 20000, 24576, 60, 300.5\n",
  });
  equal(result.imported[0]?.requests, 2);
  const [benchmark] = benchmarks;
  equal(benchmark?.origin, "measured");
  equal(benchmark?.test_config.concurrent_reqs, 1);
  equal(benchmark?.results.avg_tokens_per_second, 110);
  equal(benchmark?.results.avg_ttft_ms, null);
  equal(benchmark?.price_per_hour, 0.16);
  equal(benchmark?.gpu_stats.avg_power_draw_w, 300.5);
});

Deno.test("a headerless gpu.csv of several GPUs gives each its index, and power is summed", async () => {
  const rows = [0, 1, 2].flatMap((second) => [
    `2026/01/02 03:04:0${5 + second}.000, 90, 20000, 24564, 60, 300`,
    `2026/01/02 03:04:0${5 + second}.000, 80, 20000, 24564, 62, 250`,
  ]);
  const { benchmarks, samples } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100, 5)]),
    "metadata.json": metadata({ hardware: { gpu_count: 2 } }),
    "gpu.csv": `${rows.join("\n")}\n`,
  });
  deepEqual(samples.map((sample) => sample.gpu_index), [0, 1, 0, 1, 0, 1]);
  equal(benchmarks[0]?.gpu_stats.avg_utilization_pct, 85);
  equal(benchmarks[0]?.gpu_stats.avg_power_draw_w, 550);
  equal(benchmarks[0]?.gpu_stats.max_temperature_c, 62);
});

Deno.test("rows of one tick that a driver stamps some milliseconds apart are GPUs 0 and 1, a missing row hurts one tick", async () => {
  const stamp = (ms: number) =>
    new Date(1767323045000 + ms).toISOString().replaceAll("-", "/").replace("T", " ").slice(0, 23);
  const rows = [0, 200, 400, 600].flatMap((tick) => [
    `${stamp(tick)}, 90, 20000, 24564, 60, 300`,
    ...(tick === 200 ? [] : [`${stamp(tick + 7)}, 80, 20000, 24564, 62, 250`]),
  ]);
  const { benchmarks, samples } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100, 5)]),
    "metadata.json": metadata({ hardware: { gpu_count: 2 } }),
    "gpu.csv": `${rows.join("\n")}\n`,
  });
  deepEqual(samples.map((sample) => sample.gpu_index), [0, 1, 0, 0, 1, 0, 1]);
  equal(benchmarks[0]?.gpu_stats.avg_power_draw_w, 550);
  equal(benchmarks[0]?.gpu_stats.max_power_draw_w, 550);
});

Deno.test("one GPU that is sampled twice a second with stamps of whole seconds stays one GPU", async () => {
  const { benchmarks, samples } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100, 5)]),
    "metadata.json": metadata({ hardware: { gpu_count: 1 } }),
    "gpu.csv":
      "1767323045, 90, 1, 1, 60, 300\n1767323045, 90, 1, 1, 60, 310\n1767323046, 90, 1, 1, 60, 320\n",
  });
  deepEqual(samples.map((sample) => sample.gpu_index), [0, 0, 0]);
  equal(benchmarks[0]?.gpu_stats.avg_power_draw_w, 310);
});

Deno.test("a gpu.csv whose clock is in another time zone is said, and its figures are null", async () => {
  const { benchmarks, said } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100, 5)]),
    "metadata.json": metadata(),
    "gpu.csv": "2026/01/02 05:04:05.000, 95, 20000, 24576, 60, 300\n",
  });
  equal(said.filter((text) => /no sample of gpu\.csv lies in the time of the requests/.test(text)).length, 1);
  equal(benchmarks[0]?.gpu_stats.avg_power_draw_w, null);
  deepEqual(
    benchmarks[0]?.verdicts.filter(({ code }) => code === "telemetry_gap").map(({ value }) => value),
    [5],
  );
});

Deno.test("a gpu.csv with nvidia-smi's own header, units and [N/A] is understood", async () => {
  const { samples } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100)]),
    "metadata.json": metadata(),
    "gpu.csv":
      "index, uuid, timestamp, utilization.gpu [%], memory.used [MiB], power.draw [W], fan.speed [%]\r\n" +
      "0, GPU-a, 2026/01/02 03:04:05.500, 97 %, 18000 MiB, [N/A], 30 %\r\n",
  });
  const [sample] = samples;
  deepEqual(
    [
      sample?.gpu_uuid,
      sample?.utilization_pct,
      sample?.memory_used_mib,
      sample?.power_w,
      sample?.temperature_c,
    ],
    ["GPU-a", 97, 18000, null, null],
  );
});

Deno.test("CRLF line ends and a byte order mark change nothing", async () => {
  const lines = jsonl([plainLine(0, 0, 100), plainLine(1, 2, 120)]).replaceAll("\n", "\r\n");
  const { benchmarks, result } = await importAndBuild({
    "results.jsonl": `\uFEFF${lines}`,
    "metadata.json": `\uFEFF${metadata()}`,
    "gpu.csv": "2026/01/02 03:04:05.000, 95, 20000, 24576, 60, 300.5\r\n",
  });
  equal(result.imported[0]?.rejected, 0);
  equal(benchmarks[0]?.results.total_requests, 2);
});

Deno.test("malformed lines are left out with file, line and reason, and the rest is used", async () => {
  const { benchmarks, result, said } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100)]) + '{"t":1,"n":1,"tok":-5,"dur":1}\nnot json\n\n' +
      jsonl([plainLine(2, 4, 120)]) + '{"t":17673230',
    "metadata.json": metadata(),
    "gpu.csv":
      "2026/01/02 03:04:05.000, 95, 20000, 24576, 60, 300\n2026/01/02 03:04:06.000, 95, oops, 24576, 60, 300\n2026/01/0",
  });
  equal(result.imported[0]?.rejected, 5);
  equal(benchmarks[0]?.results.total_requests, 2);
  equal(benchmarks[0]?.provenance.rejected_lines, 5);
  const all = said.join("\n");
  match(all, /results\.jsonl:2 was left out: tok: /);
  match(all, /results\.jsonl:3 was left out: it is not JSON/);
  match(all, /results\.jsonl:6 was left out: it was cut off before its end/);
  match(all, /gpu\.csv:2 was left out: its memory_used_mib is "oops"/);
  match(all, /gpu\.csv:3 was left out: it has 1 columns instead of 6/);
});

Deno.test("errors count as errors in all the ways the specification's files write them", async () => {
  const line = (n: number, err: unknown) => ({ ...plainLine(n, n * 2, 100), err });
  const { benchmarks } = await importAndBuild({
    "results.jsonl": jsonl([
      line(0, false),
      line(1, 0),
      line(2, ""),
      line(3, true),
      line(4, 1),
      line(5, "timeout"),
    ]),
    "metadata.json": metadata(),
  });
  deepEqual([benchmarks[0]?.results.total_requests, benchmarks[0]?.results.total_errors], [6, 3]);
});

Deno.test("failed lines without a duration, zeros and `unknown` for what was not found out: counted as failed, and null", async () => {
  const { benchmarks, result } = await importAndBuild({
    "results.jsonl": jsonl([
      { t: 1767323045, n: 1, tok: 100, tps: 50, dur: 2 },
      { t: 1767323047, n: 2, tok: 0, tps: 0, err: true, error_msg: "http_status_500" },
      { t: 1767323049, n: 3, tok: 100, tps: 0, dur: 2 },
    ]),
    "metadata.json": metadata({
      hardware: {
        gpu_name: "unknown",
        gpu_memory_mib: 0,
        driver_version: "unknown",
        cuda_version: "unknown",
        cpu_model: "unknown",
        cpu_cores: 0,
        ram_gib: 0,
      },
      model: { size: "unknown", runtime_version: "unknown" },
    }),
  });
  equal(result.imported[0]?.rejected, 0);
  const [benchmark] = benchmarks;
  deepEqual([benchmark?.results.total_requests, benchmark?.results.total_errors], [3, 1]);
  equal(benchmark?.results.avg_tokens_per_second, 50);
  equal(benchmark?.results.avg_latency_ms, 2000);
  equal(benchmark?.results.duration_seconds, 6);
  const { gpu_name, gpu, gpu_count: _, ...facts } = benchmark?.hardware ?? {};
  deepEqual([gpu_name, gpu], ["unknown", "unknown"]);
  deepEqual(Object.values(facts), [null, null, null, null, null, null]);
  deepEqual([benchmark?.model.size_gb, benchmark?.model.runtime_version], [null, null]);
});

Deno.test("a result that does not say whether there was a GPU is not called a processor's", async () => {
  const { benchmarks } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100)]),
    "metadata.json": JSON.stringify({ hardware: { cpu_model: "AMD EPYC" }, model: { name: "m" } }),
  });
  equal(benchmarks[0]?.hardware.gpu_name, "unknown");
});

Deno.test("a missing gpu.csv is a warning and its figures are null", async () => {
  const { benchmarks, said } = await importAndBuild({
    "results.jsonl": jsonl([plainLine(0, 0, 100)]),
    "metadata.json": metadata(),
  });
  match(said.join("\n"), /there is no gpu\.csv: GPU statistics are not known/);
  equal(benchmarks[0]?.gpu_stats.avg_utilization_pct, null);
});

for (
  const [what, files, reason] of [
    ["without metadata", { "results.jsonl": jsonl([plainLine(0, 0, 1)]) }, /metadata\.json: it is not there/],
    [
      "with broken metadata",
      { "results.jsonl": jsonl([plainLine(0, 0, 1)]), "metadata.json": "{" },
      /it is not JSON/,
    ],
    [
      "whose metadata names no model",
      { "results.jsonl": jsonl([plainLine(0, 0, 1)]), "metadata.json": '{"hardware":{}}' },
      /metadata\.json: model: /,
    ],
    ["without results", { "metadata.json": metadata() }, /results\.jsonl: it is not there/],
    [
      "with only malformed lines",
      { "results.jsonl": "x\ny\n", "metadata.json": metadata() },
      /no usable line \(line 1: it is not JSON\)/,
    ],
    ["without anything", {}, /neither results\.jsonl nor metadata\.json/],
  ] as [string, Record<string, string>, RegExp][]
) {
  Deno.test(`a directory ${what} is refused whole and leaves nothing behind`, async () => {
    await using root = await temporaryRoot();
    const dir = await directory(join(root.paths.root, "in"), "d", files);
    const { imported, refused } = await importDirectories([dir], facts, root.paths, root.log, now);
    equal(imported.length, 0);
    match(refused[0]?.reason ?? "", reason);
    deepEqual(await Array.fromAsync(Deno.readDir(root.paths.raw)).catch(() => []), []);
  });
}

Deno.test("one bad directory does not keep the others out, and the manifest names those that came in", async () => {
  await using root = await temporaryRoot();
  const inbox = join(root.paths.root, "in");
  const good = await directory(inbox, "good", {
    "results.jsonl": jsonl([plainLine(0, 0, 9)]),
    "metadata.json": metadata(),
  });
  const { imported, refused } = await importDirectories(
    [join(inbox, "none"), good],
    facts,
    root.paths,
    root.log,
    now,
  );
  deepEqual([imported.length, refused.length], [1, 1]);
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const [row] = await db.rows("SELECT status, provider, model, tokens_per_second FROM benchmark_manifest");
  deepEqual(row, { status: "success", provider: "vastai", model: "qwen2:7b", tokens_per_second: 9 });
});

Deno.test("the same evidence is not taken in twice", async () => {
  await using root = await temporaryRoot();
  const dir = await directory(join(root.paths.root, "in"), "d", {
    "results.jsonl": jsonl([plainLine(0, 0, 9)]),
    "metadata.json": metadata(),
  });
  await importDirectories([dir], facts, root.paths, root.log, now);
  const { refused } = await importDirectories([dir], facts, root.paths, root.log, now);
  match(refused[0]?.reason ?? "", /the same evidence is already there/);
});

Deno.test("a price with which nothing can be reckoned is refused before anything is taken in", async () => {
  await using root = await temporaryRoot();
  for (const price of [0, 5e-324, 1e7, NaN]) {
    await rejects(
      importDirectories(["x"], { ...facts, price }, root.paths, root.log, now),
      /what the import is told: price/,
    );
  }
});

Deno.test("quotes in names and paths are only characters", async () => {
  await using outer = await temporaryRoot();
  const paths = pathsOf(join(outer.paths.root, "it's here"));
  const dir = await directory(paths.root, "d'); DROP TABLE benchmarks; --", {
    "results.jsonl": jsonl([plainLine(0, 0, 9)]),
    "metadata.json": metadata({ model: { name: "o'model" } }),
    "gpu.csv": "2026/01/02 03:04:05.000, 95, 20000, 24576, 60, 300.5\n",
  });
  await importDirectories([dir], { ...facts, provider: "o'provider" }, paths, outer.log, now);
  await buildData(paths, outer.log);
  using db = await Database.reading(paths.database);
  const { benchmarks } = await list(db, { model: "o'model", provider: "o'provider" });
  equal(benchmarks[0]?.gpu_stats.avg_power_draw_w, 300.5);
});

Deno.test("an unknown format is refused with the known ones", async () => {
  await using root = await temporaryRoot();
  await rejects(
    importDirectories(["x"], { ...facts, format: "vlmm" }, root.paths, root.log, now),
    /unknown format "vlmm"/,
  );
  ok(true);
});
