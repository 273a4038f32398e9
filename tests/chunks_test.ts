// Given requests and their chunk times, expect the latencies between tokens; and what becomes of chunk times that are not there or not usable.
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { importDirectories } from "../pipeline/importers/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { list } from "../pipeline/query/mod.ts";
import { BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { jsonl, sealed, temporaryRoot, timedLine } from "./fixtures.ts";

/** A request of 11 tokens whose first 0.3 s of text are reasoning. */
function request(n: number, second: number, fields: object = {}): object {
  const at = (offset: number) => Math.round((second + offset) * 1e9);
  const times = { headers_ns: at(0.1), first_frame_ns: at(0.2), first_answer_ns: at(0.5) };
  return timedLine(n, second, { tok: 11, tps: 10, frames: 11, ...times, ...fields });
}

function chunks(n: number, gaps_ms: readonly number[], fields: object = {}): object {
  return {
    n,
    level: 1,
    phase: "measure",
    first_ns: 200_000_000,
    gaps_us: gaps_ms.map((gap) => gap * 1000),
    ...fields,
  };
}

/** Builds one directory and gives its benchmarks, and rows of its Parquet parts. */
async function built<T>(
  files: Record<string, string>,
  look: (benchmarks: BenchmarkResult[], db: Database) => Promise<T> | T,
): Promise<T> {
  await using root = await temporaryRoot();
  await sealed(root.paths, "r1", "e1", files);
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  await db.run(`SET file_search_path = '${root.paths.exported}'`);
  return await look(BenchmarkList.parse(await list(db)).benchmarks, db);
}

Deno.test("ITL is over the gaps of all measured requests that succeeded", () =>
  built({
    "results.jsonl": jsonl([
      request(0, 0, { phase: "warmup" }),
      request(1, 2),
      request(2, 4),
      request(3, 6, { err: true, error_class: "timeout" }),
    ]),
    "chunks.jsonl": jsonl([
      chunks(0, [9000], { phase: "warmup" }),
      chunks(1, [10, 20, 30]),
      chunks(2, [40]),
      chunks(3, [9000]),
    ]),
  }, ([benchmark]) => {
    const { avg_itl_ms, p50_itl_ms, p95_itl_ms, p99_itl_ms, max_itl_ms } = benchmark?.results ?? {};
    deepEqual([avg_itl_ms, p50_itl_ms, p95_itl_ms, p99_itl_ms, max_itl_ms], [25, 25, 38.5, 39.7, 40]);
  }));

Deno.test("TPOT is the time after the first text over the tokens after the first, and percentiles are over requests", () =>
  built({
    "results.jsonl": jsonl([request(0, 0), request(1, 2, { tok: 6 }), request(2, 4, { tok: 1 })]),
  }, ([benchmark]) => {
    const { avg_tpot_ms, p50_tpot_ms, p95_tpot_ms, p99_tpot_ms } = benchmark?.results ?? {};
    deepEqual([avg_tpot_ms, p50_tpot_ms, p95_tpot_ms, p99_tpot_ms], [150, 150, 195, 199]);
  }));

Deno.test("a recorded rate gives TPOT where no times are known", () =>
  built(
    { "results.jsonl": jsonl([{ t: 1767323045, n: 0, tok: 9, tps: 40, dur: 1, err: false }]) },
    ([benchmark]) => {
      equal(benchmark?.results.avg_tpot_ms, 25);
      equal(benchmark?.results.p50_ttft_ms, null);
      equal(benchmark?.goodput, null);
    },
  ));

Deno.test("time to first answer counts from the scheduled time to the first text that is no reasoning", () =>
  built({
    "results.jsonl": jsonl([request(0, 0), request(1, 2, { first_answer_ns: null })]),
  }, async ([benchmark], db) => {
    equal(benchmark?.results.p50_ttfa_ms, 500);
    const rows = await db.rows(
      "SELECT headers_ns::DOUBLE AS headers_ns, first_answer_ns::DOUBLE AS first_answer_ns, ttfa_ms FROM 'requests.parquet/*.parquet'",
    );
    deepEqual(rows, [
      { headers_ns: 1e8, first_answer_ns: 5e8, ttfa_ms: 500 },
      { headers_ns: 2.1e9, first_answer_ns: null, ttfa_ms: null },
    ]);
  }));

Deno.test("without chunk times ITL is not known, and there is no row by other tools' definitions", () =>
  built({ "results.jsonl": jsonl([request(0, 0)]) }, async ([benchmark], db) => {
    const { avg_itl_ms, p50_itl_ms, p95_itl_ms, p99_itl_ms, max_itl_ms } = benchmark?.results ?? {};
    deepEqual([avg_itl_ms, p50_itl_ms, p95_itl_ms, p99_itl_ms, max_itl_ms], Array(5).fill(null));
    deepEqual(await db.rows("FROM definitions"), []);
    deepEqual(await db.rows("FROM 'chunks.parquet/*.parquet'"), []);
  }));

Deno.test("chunk times of a request of one frame, or of no known request, change nothing and are kept", () =>
  built({
    "results.jsonl": jsonl([request(0, 0, { tok: 1 })]),
    "chunks.jsonl": jsonl([chunks(0, []), chunks(77, [5000]), chunks(0, [5000], { level: 2 })]),
  }, async (benchmarks, db) => {
    deepEqual(benchmarks.map(({ results }) => results.max_itl_ms), [null]);
    const rows = await db.rows(
      "SELECT n::INTEGER AS n, level, gaps_us FROM 'chunks.parquet/*.parquet' ORDER BY n, level",
    );
    deepEqual(rows.map(({ n, level, gaps_us }) => [n, level, gaps_us]), [
      [0, 1, []],
      [0, 2, [5_000_000]],
      [77, 1, [5_000_000]],
    ]);
  }));

Deno.test("malformed lines of chunks.jsonl are reported with their number and counted; the others are used", async () => {
  await using root = await temporaryRoot();
  const good = JSON.stringify(chunks(0, [10]));
  const dir = await sealed(root.paths, "r1", "e1", {
    "results.jsonl": jsonl([request(0, 0), request(1, 2)]),
    "chunks.jsonl": [
      good,
      "not JSON",
      "",
      '{"n":1,"level":1,"phase":"measure","first_ns":0}',
      `${good.slice(0, 20)}`,
    ]
      .join("\n"),
  });
  await buildData(root.paths, root.log);
  const { rejected_lines } = JSON.parse(await Deno.readTextFile(join(dir, "provenance.json")));
  deepEqual(
    rejected_lines.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`),
    ["chunks.jsonl:2", "chunks.jsonl:4", "chunks.jsonl:5"],
  );
  match(rejected_lines[1].reason, /gaps_us/);
  match(rejected_lines[2].reason, /cut off/);
  using db = await Database.reading(root.paths.database);
  const [benchmark] = BenchmarkList.parse(await list(db)).benchmarks;
  equal(benchmark?.provenance.rejected_lines, 3);
  equal(benchmark?.results.max_itl_ms, 10);
});

Deno.test("an imported directory keeps its chunk times", async () => {
  await using root = await temporaryRoot();
  const source = await sealed(root.paths, "r1", "e1", {
    "results.jsonl": jsonl([request(0, 0)]),
    "chunks.jsonl": jsonl([chunks(0, [10, 20])]),
  });
  await using other = await temporaryRoot();
  await importDirectories(
    [source],
    { provider: "vastai", price: 0.16, location: "US" },
    other.paths,
    other.log,
    new Date(0),
  );
  await buildData(other.paths, other.log);
  using db = await Database.reading(other.paths.database);
  const [benchmark] = BenchmarkList.parse(await list(db)).benchmarks;
  equal(benchmark?.results.p50_itl_ms, 15);
});

Deno.test("goodput counts the requests within both limits of each tier, for each second of the window", () =>
  built({
    "results.jsonl": jsonl([
      request(0, 0), // TTFT 200 ms, TPOT 100 ms
      request(1, 2, { tok: 101 }), // TPOT 10 ms
      request(2, 4, { tok: 1 }), // no TPOT
      request(3, 6, { tok: 101, scheduled_ns: 3.8e9 }), // TTFT 2.4 s
      request(4, 8, { tok: 101, err: true, error_class: "timeout", end_ns: 1e10 }),
    ]),
  }, async ([benchmark], db) => {
    deepEqual(benchmark?.goodput, [
      { tier: "interactive", requests_per_second: 0.2 },
      { tier: "standard", requests_per_second: 0.3 },
      { tier: "relaxed", requests_per_second: 0.3 },
    ]);
    const asked = await db.rows(
      "SELECT good_requests::INTEGER AS good_requests, requests_per_second FROM goodput_under('requests.parquet/*.parquet', 3000, 10)",
    );
    deepEqual(asked, [{ good_requests: 3, requests_per_second: 0.3 }]);
  }));
