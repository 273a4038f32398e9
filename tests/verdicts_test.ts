// Every verdict is provoked: a clean benchmark, spoilt in one way, has that one verdict and no other.
import { deepEqual, equal, ok } from "node:assert/strict";
import { VERDICTS } from "../pipeline/schema/benchmark.ts";
import {
  at,
  benchmarks,
  type Code,
  endedEarly,
  inFlight,
  later,
  OLDER,
  open,
  openLoop,
  REQUESTS,
  SECONDS,
  type Spoilt,
  START,
} from "./spoilt.ts";

/** Sentence by sentence what provokes each verdict. */
const TRIALS: Record<Code, Readonly<Record<string, Spoilt>>> = {
  cache_hit: {
    "a fifth of a prompt comes from the cache now and then": {
      line: (n) => ({ cached_tok: n % 4 === 0 ? 20 : 0 }),
    },
    "whole prompts come from the cache": { line: () => ({ cached_tok: 40 }) },
  },
  token_mismatch: {
    "the engine counted 5 % more tokens than it told": {
      server: (second) => ({ generation_tokens: 269 * second }),
    },
    "the engine counted fewer": { server: (second) => ({ generation_tokens: 250 * second }) },
    "an older file has more tokens than its requests might generate": {
      line: () => ({ tok: 270, frames: 270, tps: 270 }),
      server: () => ({}),
    },
    "more frames with text came than tokens were told": { line: () => ({ frames: 300 }) },
    "counting the text again gives a quarter more": { line: () => ({ recount_tok: 320 }) },
  },
  decode_mismatch: {
    "the engine says that it decoded 7 % faster": {
      line: () => ({ engine: { decode_ns: at(0.93) } }),
      severity: "advisory",
    },
    "the engine says that it decoded twice as fast": {
      line: () => ({ engine: { decode_ns: at(0.5) } }),
      severity: "fatal",
    },
    "a third of the tokens was decoded before anything came": {
      line: () => ({ engine: { decode_ns: at(1.5) } }),
      severity: "fatal",
    },
    "the engine says that it decoded 7 % slower, all requests taken together": {
      line: (n) => ({ engine: { decode_ns: at(n % 2 === 0 ? 1.24 : 0.9) } }),
      severity: "advisory",
    },
  },
  wrong_model: {
    "every answer names another model": { line: () => ({ model: "other:1b", same_model: false }) },
    "one answer in twenty does": { line: (n) => ({ same_model: n !== 7 }) },
  },
  client_bound: {
    "chunks come as fast as the calibration saw the client be late": {
      calibration: [[50, true], [100, true], [200, false]],
    },
    "the event loop of a busy process is late half of the time": {
      client: { loop_lag_p50_ms: 14, cpu_pct: 60 },
    },
    "other programs keep it from the processor for longer than a gap between tokens": {
      client: { loop_lag_p50_ms: 60 },
    },
    "the event loop of a busy process stalls for longer than any gap between tokens": {
      client: { loop_lag_p99_ms: 150, cpu_pct: 60 },
    },
    "an idle client is kept from the processor now and then, and hears in heaps": {
      client: { loop_lag_p99_ms: 80 },
      also: ["co_tenant"],
      line: () => ({ reads: 230 }),
    },
    "the process uses a whole core": { client: { cpu_pct: 97 } },
    "it takes too long to send the next request": { line: (n) => endedEarly(n, 0.1) },
    "fewer requests are at the engine than the client has sent": {
      ...inFlight(12),
      server: () => ({ level: 12, running: 8, waiting: 2 }),
    },
  },
  schedule_lag: {
    "an open loop sends late": { ...openLoop(), line: (n) => ({ ...open(n), sent_ns: at(n * 0.2 + 0.03) }) },
    "an open loop sends fewer requests than were due": {
      ...openLoop(),
      line: (n) => open(n, n * 0.205),
    },
  },
  server_errors: {
    "a request in ten fails": { line: (n) => n % 10 === 0 ? { err: true, error_class: "http" } : {} },
  },
  truncated_stream: {
    "a stream is cut off, which is an error too": {
      also: ["server_errors"],
      line: (n) => n === 3 ? { err: true, error_class: "truncated" } : {},
    },
  },
  wrong_gpu: { "another card was asked for": { source: { gpu: "RTX 3090" } } },
  driver_error: {
    "the driver fails meanwhile": { telemetry: { failures: ["NVML: Driver/library version mismatch"] } },
  },
  clock_skew: { "the clock is set forward": { line: (n) => n < 10 ? {} : { t: START + n * SECONDS + 5 } } },
  beyond_bandwidth: {
    "tokens come faster than the GPU's memory can be read": {
      line: (n) => ({ tok: 512, frames: 512, tps: 511, asked_tok: 512, n }),
      server: () => ({}),
    },
    "an older file tells tokens per minute": {
      also: ["rate_mismatch"],
      line: () => ({ ...OLDER, tps: 6000 }),
      server: () => ({}),
    },
    "the file tells a size that no such model has": {
      also: ["rate_mismatch"],
      model: { size: "1 KB" },
      line: () => ({ ...OLDER, tps: 6000 }),
      server: () => ({}),
    },
    "the file tells a hundred GPUs": {
      also: ["rate_mismatch"],
      hardware: { gpu_count: 100 },
      line: () => ({ ...OLDER, tps: 6000 }),
      server: () => ({}),
    },
    "all requests of a level together are faster than so many can be": {
      requests: 200,
      window: { level: 16 },
      line: (n) => ({ ...OLDER, t: START + n / 1000, tps: undefined, dur: undefined, level: 16 }),
      server: () => ({}),
    },
    "a mixture of experts is read faster than its active part allows": {
      model: { name: "qwen3:30b", size: "18.6 GB" },
      line: () => ({ asked_tok: 1024, tok: 1024, frames: 1024, tps: 1023 }),
      server: () => ({}),
    },
  },
  rate_mismatch: {
    "requests of an older file take forty times as long as their tokens": {
      line: (n) => ({ ...OLDER, t: START + (n + 1) * 103, dur: 103, tps: 100 }),
      server: () => ({}),
    },
    "tokens take longer at the recorded rate than their requests did": {
      line: () => ({ ...OLDER, tps: 100 }),
      server: () => ({}),
    },
    "a first text comes days after its request was due, and before its end": {
      line: (n) => ({ scheduled_ns: at(n * SECONDS - 200_000) }),
    },
    "durations are not those of the requests' own times": { line: () => ({ dur: SECONDS / 2 }) },
  },
  overlapping_requests: {
    "more requests are under way than were to be": {
      line: (n) => ({ ...OLDER, t: START + (n + 1) * SECONDS, dur: 2 * SECONDS, tps: 150 }),
      server: () => ({}),
    },
    "tokens would have been decoded two at once, of requests that tell no duration": {
      line: (n) => ({ ...OLDER, t: START + (n + 1) * SECONDS, dur: undefined, tps: 125 / SECONDS }),
      server: () => ({}),
    },
  },
  wrong_time: {
    "requests were sent days after the run's own end": {
      line: (n) => ({ t: START + n * SECONDS + 3 * 86_400 }),
    },
    "the run ended after it was collected": {
      source: { collected_at: "2025-12-24T00:00:00.000Z" },
    },
  },
  rejected_lines: {
    "every fifth line cannot be read": {
      results: (text) => `${text}${'{"t":1,"n":99,"tps":NaN}\n'.repeat(5)}`,
    },
  },
  cpu_spill: {
    "the engine holds part of the model in main memory": {
      model: { size_vram_bytes: 1e9, size_loaded_bytes: 4e9 },
    },
  },
  exceeds_vram: {
    "the model is larger than the GPU's memory, and faster than that could be": {
      also: ["beyond_bandwidth"],
      model: { size: "48 GB" },
    },
  },
  frames_counted: { "the engine tells no counts": { line: () => ({ tok_from: "frames" }) } },
  short_output: {
    "answers end after half of their tokens": { line: () => ({ tok: 128, frames: 128 }), server: () => ({}) },
  },
  throttled_thermal: { "heat holds the clocks down": { gpu: () => ({ throttle_reasons: "0x40" }) } },
  power_capped: { "the power limit is below the maker's": { gpu: () => ({ power_limit_w: 300 }) } },
  telemetry_gap: {
    "a program watches the GPU, and no sample of it can be read": {
      telemetry: { program: "amd-smi", failures: [], unread_lines: 24 },
    },
    "no sample comes for six seconds": { gpu: (second) => second > 8 && second < 15 ? null : {} },
  },
  co_tenant: {
    "two processes use the GPU": {
      telemetry: {
        processes_before: [1, 2].map((pid) => ({ pid, used_memory_mib: 4000, gpu_uuid: "GPU-0" })),
      },
    },
    "other programs keep the client from the processor, though it hears nearly all pieces by themselves": {
      client: { loop_lag_p99_ms: 5.2 },
      line: () => ({ reads: 255 }),
    },
    "the engine serves more requests than were sent": { server: () => ({ running: 3 }) },
  },
  non_stationary: {
    "the second half is a tenth slower": {
      line: (n) => n < 10 ? {} : { first_text_ns: at(n * SECONDS + 0.09) },
    },
  },
  stalled: {
    "the engine stands still for three seconds inside an answer": {
      gaps_ms: (n) => n === 5 ? [4, 4, 3000, 4] : [4, 4, 4, 4],
    },
    "the engine stands still for two seconds before an answer begins": {
      line: (n) => n < 12 ? {} : later(n, n === 12 ? 2 : 0, 2),
      requests: 19,
      window: { planned_seconds: 23 },
    },
  },
  too_few_requests: { "nine requests ended": { requests: 9 } },
  interrupted: { "the level was stopped": { window: { interrupted: true } } },
};

Deno.test("every verdict has a trial", () => {
  for (const code of Object.keys(VERDICTS) as Code[]) ok(Object.keys(TRIALS[code] ?? {}).length > 0, code);
});

Deno.test("each trial has its verdict, with the number beyond the limit, and no other", async (test) => {
  const spoilt = Object.values(TRIALS).reduce((all, trials) => ({ ...all, ...trials }));
  const found = await benchmarks(spoilt);
  for (const [code, trials] of Object.entries(TRIALS)) {
    for (const [sentence, { also = [], severity }] of Object.entries<Spoilt>(trials)) {
      await test.step(`${code}: ${sentence}`, () => {
        const { verdicts } = found.get(sentence) ?? { verdicts: [] };
        const codes = [...new Set(verdicts.map((verdict) => verdict.code))];
        deepEqual(codes.sort(), [code as Code, ...also].sort(), JSON.stringify(verdicts));
        for (const verdict of verdicts) {
          ok(Number.isFinite(verdict.value) && verdict.value !== verdict.limit);
          const expected = VERDICTS[verdict.code];
          equal(verdict.severity, expected === "either" ? severity : expected);
        }
      });
    }
  }
});

Deno.test("a clean benchmark has no verdict, and tells what is known of the load generator", async () => {
  const found = await benchmarks({
    clean: {
      calibration: [[50, true], [300, true], [600, false]],
      gpu: () => ({}),
      source: { gpu: "RTX 4090" },
    },
    "no ceiling was found": { calibration: [[50, true], [100, true]] },
    "not even one stream was clean": { calibration: [[50, false], [100, false]] },
    "waiting at the engine": { ...inFlight(12), server: () => ({ level: 12, running: 4, waiting: 8 }) },
    "other programs keep an idle client from the processor": {
      client: { loop_lag_p50_ms: 14, loop_lag_p99_ms: 150 },
    },
    "the engine was started anew": { server: (second) => ({ generation_tokens: second < 9 ? 900 : 0 }) },
    "a request of which the rest is not known": {
      line: (n) => n === 19 ? { err: true, error_class: "stopped", tok: 9 } : {},
    },
    "an open loop": { ...openLoop(), line: (n) => open(n) },
    "an engine that decodes as it says": {
      line: (n) => ({ engine: { decode_ns: at(n % 2 === 0 ? 0.97 : 1.03) } }),
    },
    "short answers of an engine that counts its tokens and not the steps between them": {
      test_config: { max_tokens: 5 },
      line: () => ({ tok: 5, frames: 5, engine: { decode_ns: at(1.25) } }),
      server: () => ({ generation_tokens: null }),
    },
    "short answers of one that counts the steps": {
      test_config: { max_tokens: 5 },
      line: () => ({ tok: 5, frames: 5, engine: { decode_ns: at(1) } }),
      server: () => ({ generation_tokens: null }),
    },
    "an engine that tells no time for its decoding": { line: () => ({ engine: { decode_ns: 0 } }) },
    "a client that is as late as beside one engine and nothing else": {
      client: { loop_lag_p99_ms: 4.2 },
      line: () => ({ reads: 255 }),
    },
    "an engine that sends several pieces at once to a client that is not late": {
      line: () => ({ reads: 128 }),
    },
    "gaps as an engine has them that reads other prompts between": {
      gaps_ms: (n) => n === 5 ? [4, 4, 190, 4] : [4, 4, 4, 4],
    },
    "scrapes of a part of the window": {
      server: (second) => ({ at_ns: at(second * 0.9), generation_tokens: 200 * second }),
    },
    "answers that name the model": { line: () => ({ same_model: true }) },
  });
  deepEqual([...found].flatMap(([name, { verdicts }]) => verdicts.map(({ code }) => `${name}: ${code}`)), []);
  deepEqual(found.get("clean")?.client, {
    calibrated_at: "2026-01-02T03:03:00.000Z",
    ceiling_chunks_per_second: 300,
    chunks_per_second: 256 / SECONDS,
    p99_ttft_error_ms: 0.5,
    p99_itl_error_ms: 0.4,
    p99_schedule_lag_ms: 0,
    p99_loop_lag_ms: 3,
    cpu_pct: 4,
    shards: null,
    in_flight: 1,
    server_in_flight: 1,
    tokens: 256 * REQUESTS,
    server_tokens: 256 * REQUESTS,
  });
  deepEqual(found.get("the engine was started anew")?.client?.server_tokens, null);
  deepEqual(found.get("no ceiling was found")?.client?.p99_itl_error_ms, null);
});

/** Of each verdict what takes away all that it could be checked by. */
const UNTOLD: Partial<Record<Code, Spoilt>> = {
  cache_hit: { line: () => ({ cached_tok: null }) },
  decode_mismatch: { line: () => ({ engine: null }) },
  wrong_model: { line: () => ({ same_model: null }) },
  stalled: { ...openLoop(), line: (n) => open(n) },
  frames_counted: { line: () => ({ tok_from: null }) },
  schedule_lag: {},
  driver_error: {},
  throttled_thermal: {},
  power_capped: {},
  wrong_gpu: {},
};

Deno.test("a verdict for which nothing was told is not among those that were checked", async () => {
  const found = await benchmarks(Object.fromEntries(Object.entries(UNTOLD)));
  for (const code of Object.keys(UNTOLD) as Code[]) {
    deepEqual(found.get(code)?.checked?.includes(code), false, code);
  }
  const shared = { test_config: { workload: { ...workload("shared_prefix") } } };
  const none = await benchmarks({
    shared,
    told: { line: () => ({ engine: { decode_ns: at(1) }, same_model: true }) },
  });
  deepEqual(none.get("shared")?.checked?.includes("cache_hit"), false);
  const told = none.get("told")?.checked ?? [];
  ok(
    ["cache_hit", "decode_mismatch", "wrong_model", "stalled"].every((code) => told.includes(code as Code)),
    told.join(),
  );
});

function workload(kind: string): object {
  const prompts = { kind, prefix_tokens: 2048, input_tokens: 128, output_tokens: 256, groups: 4 };
  return { label: "shared_prefix", prompts, length_enforced: true, seed: 1, nonce: "n" };
}
