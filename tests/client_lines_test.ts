// What a page says of the load generator: the lines whose figures are known, each beside what it is held against.
import { deepEqual } from "node:assert/strict";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { clientLines } from "../site/src/lib/client.ts";

const NOTHING: NonNullable<BenchmarkResult["client"]> = {
  calibrated_at: null,
  ceiling_chunks_per_second: null,
  chunks_per_second: null,
  p99_ttft_error_ms: null,
  p99_itl_error_ms: null,
  p99_schedule_lag_ms: null,
  p99_loop_lag_ms: null,
  cpu_pct: null,
  shards: null,
  in_flight: null,
  server_in_flight: null,
  tokens: null,
  server_tokens: null,
};
const lines = (client: BenchmarkResult["client"]) =>
  clientLines({ client }).map(({ what, found }) => `${what}: ${found}`);

Deno.test("of a load generator of which nothing is known there are no lines", () => {
  deepEqual(lines(null), []);
  deepEqual(lines(NOTHING), []);
});

Deno.test("figures stand beside the calibration's ceiling and the server's own counts", () => {
  deepEqual(
    lines({
      calibrated_at: "2026-01-02T03:04:05.000Z",
      ceiling_chunks_per_second: 38_400,
      chunks_per_second: 412.4,
      p99_ttft_error_ms: 0.31,
      p99_itl_error_ms: 0.124,
      p99_schedule_lag_ms: 0,
      p99_loop_lag_ms: 1.1,
      cpu_pct: 3.4,
      shards: 2,
      in_flight: 3.94,
      server_in_flight: 3.9,
      tokens: 17_152,
      server_tokens: 17_160,
    }),
    [
      "Chunks per second: 412, calibrated up to 38,400",
      "Error of time to first token, p99: 0.31 ms",
      "Error of inter-token latency, p99: 0.12 ms",
      "Requests sent late, p99: 0.00 ms",
      "Event loop late, p99: 1.10 ms",
      "CPU of its process: 3 % of a core",
      "Threads that read answers: 2",
      "Requests in flight: 3.9, by the server’s count 3.9",
      "Output tokens, settling included: 17,152, by the server’s count 17,160",
    ],
  );
});

Deno.test("a figure without its counterpart stands alone", () => {
  deepEqual(lines({ ...NOTHING, ceiling_chunks_per_second: 38_400, in_flight: 4 }), [
    "Chunks per second: calibrated up to 38,400",
    "Requests in flight: 4.0",
  ]);
});
