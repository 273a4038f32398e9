// Which verdicts had the data they need: told with the result, so that a clean one says what was not looked at.
import { equal, match, ok } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { list } from "../pipeline/query/mod.ts";
import { BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { RULES, uncheckedOf } from "../site/src/lib/checks.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "./fixtures.ts";

const CSV = "timestamp,gpu_index,utilization_pct,memory_used_mib,memory_total_mib,temperature_c,power_w\n" +
  "2026/01/02 03:04:05.000, 0, 97, 18000, 24564, 60, 300\n";

async function only(files: Record<string, string>): Promise<BenchmarkResult> {
  await using root = await temporaryRoot();
  await sealed(root.paths, "r1", "e1", files);
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const { benchmarks: [benchmark] } = BenchmarkList.parse(await list(db));
  ok(benchmark);
  return benchmark;
}

const plain = (count: number) => jsonl(Array.from({ length: count }, (_, n) => plainLine(n, n * 2, 90)));
const codes = (benchmark: BenchmarkResult) => uncheckedOf(benchmark)?.map(({ code }) => code) ?? null;

Deno.test("lines with only the specification's keys leave unchecked what they cannot show", async () => {
  const unchecked = codes(await only({ "results.jsonl": plain(12), "gpu.csv": CSV })) ?? [];
  for (const code of ["cache_hit", "clock_skew", "frames_counted", "interrupted", "power_capped"] as const) {
    ok(unchecked.includes(code), code);
  }
  for (const code of ["server_errors", "too_few_requests", "telemetry_gap", "driver_error"] as const) {
    ok(!unchecked.includes(code), code);
  }
});

Deno.test("without telemetry nothing is said of the driver", async () => {
  ok(codes(await only({ "results.jsonl": plain(12) }))?.includes("driver_error"));
});

Deno.test("halves are compared from 20 requests on, token counts judged where it is known whose they are", async () => {
  ok(codes(await only({ "results.jsonl": plain(19) }))?.includes("non_stationary"));
  ok(!codes(await only({ "results.jsonl": plain(20) }))?.includes("non_stationary"));
  const counted = jsonl(
    Array.from({ length: 12 }, (_, n) => ({ ...plainLine(n, n * 2, 90), tok_from: "engine" })),
  );
  const benchmark = await only({ "results.jsonl": counted });
  ok(benchmark.checked?.includes("frames_counted"));
  ok(benchmark.verdicts.every(({ code }) => code !== "frames_counted"));
});

Deno.test("on a machine without a GPU nothing is said of a driver or of GPU memory", async () => {
  const hardware = { gpu_name: null, gpu_memory_mib: 0, gpu_count: 0 };
  const unchecked = codes(
    await only({ "results.jsonl": plain(12), "metadata.json": metadata({ hardware }) }),
  );
  for (const code of ["driver_error", "cpu_spill", "exceeds_vram", "telemetry_gap"] as const) {
    ok(unchecked?.includes(code), code);
  }
});

Deno.test("of a result without raw evidence nothing was checked", () => {
  equal(uncheckedOf({ checked: null }), null);
  equal(uncheckedOf({ checked: [] })?.length, RULES.length);
});

Deno.test("every verdict says in a sentence what it means and what it needs", () => {
  for (const { code, meaning, needs } of RULES) {
    match(meaning, /^[A-Z].*\.$/, code);
    match(needs, /^[^.]+$/, code);
  }
});
