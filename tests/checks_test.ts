// Which verdicts had the data they need: told with the result, so that a clean one says what was not looked at.
import { equal, match, ok } from "node:assert/strict";
import { list } from "../pipeline/query/mod.ts";
import { BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { RULES, uncheckedOf } from "../site/src/lib/checks.ts";
import { standing } from "./almanac.ts";
import { fromHost, jsonl, metadata, plainLine, sealed } from "./fixtures.ts";

const CSV = "timestamp,gpu_index,utilization_pct,memory_used_mib,memory_total_mib,temperature_c,power_w\n" +
  "2026/01/02 03:04:05.000, 0, 97, 18000, 24564, 60, 300\n";

const plain = (count: number, fields: object = {}) =>
  jsonl(Array.from({ length: count }, (_, n) => ({ ...plainLine(n, n * 2, 90), ...fields })));
const noGpu = metadata({ hardware: { gpu_name: null, gpu_memory_mib: 0, gpu_count: 0 } });

const built = await standing(async (paths) => {
  for (
    const [name, files] of Object.entries({
      plain: { "results.jsonl": plain(12) },
      telemetry: { "results.jsonl": plain(12), "gpu.csv": CSV },
      nineteen: { "results.jsonl": plain(19) },
      twenty: { "results.jsonl": plain(20) },
      counted: { "results.jsonl": plain(12, { tok_from: "engine" }) },
      "without-gpu": { "results.jsonl": plain(12), "metadata.json": noGpu },
    })
  ) await sealed(paths, "r1", name, fromHost(name, files));
});

async function only(entry_id: string): Promise<BenchmarkResult> {
  const { benchmarks } = BenchmarkList.parse(await built((db) => list(db)));
  const benchmark = benchmarks.find(({ provenance }) => provenance.entry_id === entry_id);
  ok(benchmark);
  return benchmark;
}

const codes = (benchmark: BenchmarkResult) => uncheckedOf(benchmark)?.map(({ code }) => code) ?? null;

Deno.test("lines with only the specification's keys leave unchecked what they cannot show", async () => {
  const unchecked = codes(await only("telemetry")) ?? [];
  for (const code of ["cache_hit", "clock_skew", "frames_counted", "interrupted", "power_capped"] as const) {
    ok(unchecked.includes(code), code);
  }
  for (const code of ["server_errors", "too_few_requests", "telemetry_gap", "driver_error"] as const) {
    ok(!unchecked.includes(code), code);
  }
});

Deno.test("without telemetry nothing is said of the driver", async () => {
  ok(codes(await only("plain"))?.includes("driver_error"));
});

Deno.test("halves are compared from 20 requests on, token counts judged where it is known whose they are", async () => {
  ok(codes(await only("nineteen"))?.includes("non_stationary"));
  ok(!codes(await only("twenty"))?.includes("non_stationary"));
  const benchmark = await only("counted");
  ok(benchmark.checked?.includes("frames_counted"));
  ok(benchmark.verdicts.every(({ code }) => code !== "frames_counted"));
});

Deno.test("on a machine without a GPU nothing is said of a driver or of GPU memory", async () => {
  const unchecked = codes(await only("without-gpu"));
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
