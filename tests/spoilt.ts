// A clean benchmark that may be spoilt in one way, and what the almanac makes of it.
import { deepEqual } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import type { Source } from "../pipeline/lib/seal.ts";
import { list } from "../pipeline/query/mod.ts";
import { BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult, VERDICTS } from "../pipeline/schema/benchmark.ts";
import { jsonl, metadata, sealed, temporaryRoot } from "./fixtures.ts";

export type Code = keyof typeof VERDICTS;

export const START = 1767323045;
export const SECONDS = 1.2;
export const REQUESTS = 20;
const WINDOW = REQUESTS * SECONDS;

/** What may be wrong with an otherwise clean benchmark. */
export interface Spoilt {
  /** Verdicts that come with it. */
  readonly also?: readonly Code[];
  /** Of a verdict that may be either. */
  readonly severity?: "fatal" | "advisory";
  /** Changes the line of each request. */
  readonly line?: (n: number) => object;
  readonly requests?: number;
  /** Of metadata.json, by its parts. */
  readonly hardware?: object;
  readonly model?: object;
  readonly test_config?: object;
  readonly telemetry?: object;
  /** Of the window's own line in metadata.json. */
  readonly window?: object;
  readonly client?: object;
  /** Changes what the engine counts at each second. */
  readonly server?: (second: number) => object;
  /** Chunks/s of the calibration's levels, and whether they were clean. */
  readonly calibration?: readonly (readonly [chunks_per_second: number, clean: boolean])[];
  /** Gaps between the pieces of each request, milliseconds. */
  readonly gaps_ms?: (n: number) => readonly number[];
  /** Cells of gpu.csv at each second; null: no row. */
  readonly gpu?: (second: number) => object | null;
  readonly source?: Partial<Source>;
  /** Changes results.jsonl as a whole. */
  readonly results?: (text: string) => string;
}

/** What a line of the older format does not tell. */
export const OLDER = Object.fromEntries(
  ["scheduled_ns", "sent_ns", "first_text_ns", "last_text_ns", "end_ns", "prompt_tok", "frames"].map((
    key,
  ) => [
    key,
    undefined,
  ]),
);

export function at(second: number): number {
  return Math.round(second * 1e9);
}

/** A closed loop at level 1: a request ends when the next one is sent. */
function request(n: number): Record<string, unknown> {
  const from = n * SECONDS;
  return {
    t: START + from,
    n,
    tok: 256,
    tok_from: "engine",
    tps: 255,
    dur: SECONDS,
    err: false,
    phase: "measure",
    level: 1,
    scheduled_ns: at(from),
    sent_ns: at(from),
    first_text_ns: at(from + 0.2),
    last_text_ns: at(from + SECONDS),
    end_ns: at(from + SECONDS),
    prompt_tok: 40,
    cached_tok: 0,
    frames: 256,
  };
}

export function endedEarly(n: number, seconds: number): object {
  const end = (n + 1) * SECONDS - seconds;
  return { last_text_ns: at(end), end_ns: at(end), dur: SECONDS - seconds };
}

/** Sent as if the requests before had taken `seconds` more, its own answer `own` seconds late. */
export function later(n: number, own: number, seconds: number): object {
  const from = n * SECONDS + (own > 0 ? 0 : seconds);
  return {
    t: START + from,
    dur: SECONDS + own,
    scheduled_ns: at(from),
    sent_ns: at(from),
    first_text_ns: at(from + own + 0.2),
    last_text_ns: at(from + own + SECONDS),
    end_ns: at(from + own + SECONDS),
  };
}

/** A closed loop at level `level`, of which every request lasts the whole window. */
export function inFlight(level: number): Spoilt {
  const line = () => ({ level, t: START, dur: WINDOW, scheduled_ns: 0, sent_ns: 0, end_ns: at(WINDOW) });
  return { requests: level, line, window: { level }, server: () => ({ level }) };
}

/** An open loop of five requests a second. */
export function openLoop(): Spoilt {
  return {
    requests: 120,
    test_config: { load: { kind: "constant", rates: [5] } },
    window: { level: 5 },
    server: () => ({ level: 5, running: 6 }),
  };
}

export function open(n: number, second = n * 0.2): object {
  return {
    level: 5,
    t: START + second,
    scheduled_ns: at(second),
    sent_ns: at(second),
    first_text_ns: at(second + 0.2),
    last_text_ns: at(second + SECONDS),
    end_ns: at(second + SECONDS),
  };
}

/** The raw files of a benchmark that is spoilt in this way; its name makes it another one. */
function files(name: string, spoilt: Spoilt): Record<string, string> {
  const { line = () => ({}), requests = REQUESTS, server = () => ({}), gpu, gaps_ms, calibration, results } =
    spoilt;
  const lines = Array.from(
    { length: requests },
    (_, n): Record<string, unknown> => ({ ...request(n), ...line(n) }),
  );
  const tokens = lines.reduce((sum, { tok }) => sum + Number(tok), 0);
  const seconds = Array.from({ length: WINDOW + 2 }, (_, index) => index === 0 ? -0.01 : index - 1);
  return {
    "results.jsonl": results === undefined ? jsonl(lines) : results(jsonl(lines)),
    "metadata.json": metadataOf(name, spoilt),
    ...(gaps_ms === undefined ? {} : { "chunks.jsonl": chunksOf(lines.length, gaps_ms) }),
    "server.jsonl": jsonl(seconds.map((second, index) => ({
      t: START + second,
      at_ns: at(second),
      level: 1,
      phase: "measure",
      running: 1,
      waiting: 0,
      generation_tokens: tokens * index / (seconds.length - 1),
      prompt_tokens: 40 * index,
      kv_usage: 0.1,
      ...server(index),
    }))),
    ...(calibration === undefined ? {} : { "calibration.json": calibrationOf(calibration) }),
    ...(gpu === undefined ? {} : { "gpu.csv": gpuCsv(gpu) }),
  };
}

function metadataOf(
  hostname: string,
  { hardware, model, test_config, telemetry, window, client }: Spoilt,
): string {
  const told = {
    level: 1,
    started_at: new Date(START * 1000).toISOString(),
    window_seconds: WINDOW,
    planned_seconds: WINDOW,
    interrupted: false,
    client: { loop_lag_p50_ms: 1.1, loop_lag_p99_ms: 3, cpu_pct: 4, ...client },
    ...window,
  };
  const text = metadata({
    hardware: { ...hardware },
    model: { ...model },
    test_config: { ...test_config },
    summary: { levels: [told] },
  });
  return JSON.stringify({ ...JSON.parse(text), hostname, ...(telemetry === undefined ? {} : { telemetry }) });
}

function chunksOf(requests: number, gaps_ms: NonNullable<Spoilt["gaps_ms"]>): string {
  return jsonl(Array.from({ length: requests }, (_, n) => ({
    n,
    level: 1,
    phase: "measure",
    first_ns: at(n * SECONDS + 0.2),
    gaps_us: gaps_ms(n).map((gap) => 1000 * gap),
  })));
}

function calibrationOf(levels: NonNullable<Spoilt["calibration"]>): string {
  const measured = levels.map(([chunks_per_second, clean], index) => ({
    streams: index + 1,
    window_seconds: 1,
    requests: 10,
    errors: 0,
    chunks: chunks_per_second,
    chunks_per_second,
    counts_exact: true,
    p50_ttft_error_ms: 0.1,
    p99_ttft_error_ms: clean ? 0.5 : 4,
    p50_itl_error_ms: 0.1,
    p99_itl_error_ms: clean ? 0.4 : 3,
    p50_lag_ms: 0.1,
    p99_lag_ms: 1,
    p99_server_span_ms: 0.05,
    p99_server_late_ms: 0.5,
    server_fit: true,
    p99_loop_lag_ms: 1.2,
    cpu_us_per_chunk: 30,
    clean,
  }));
  return JSON.stringify({
    calibrated_at: "2026-01-02T03:03:00.000Z",
    hostname: "host",
    cpu_model: "AMD EPYC",
    cpu_cores: 16,
    client: "agent",
    deno_version: "2.9.6",
    ttft_ms: 50,
    gap_ms: 20,
    chunks_per_stream: 20,
    clean_below_ms: 2,
    clock_uncertainty_ms: 0.02,
    levels: measured,
    ceiling_chunks_per_second: measured.findLast(({ clean }) => clean)?.chunks_per_second ?? null,
  });
}

function gpuCsv(gpu: NonNullable<Spoilt["gpu"]>): string {
  const healthy = {
    utilization_pct: 97,
    memory_used_mib: 18000,
    temperature_c: 60,
    power_w: 300,
    power_limit_w: 450,
    power_default_limit_w: 450,
    throttle_reasons: "0x0",
  };
  const rows = Array.from({ length: WINDOW + 1 }, (_, second) => {
    const cells = gpu(second);
    const time = new Date((START + second) * 1000).toISOString();
    return cells === null ? [] : [[time, 0, ...Object.values({ ...healthy, ...cells })].join(", ")];
  }).flat();
  return [`timestamp, gpu_index, ${Object.keys(healthy).join(", ")}`, ...rows, ""].join("\n");
}

/** All in one build: the benchmark of each name. */
export async function benchmarks(
  spoilt: Readonly<Record<string, Spoilt>>,
): Promise<Map<string, BenchmarkResult>> {
  await using root = await temporaryRoot();
  const names = Object.keys(spoilt);
  for (const [n, name] of names.entries()) {
    await sealed(root.paths, "r1", `e${n}`, files(name, spoilt[name] ?? {}), spoilt[name]?.source);
  }
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const found = BenchmarkList.parse(await list(db, { limit: 200 })).benchmarks;
  deepEqual(root.said.filter((text) => text.includes("left out")), []);
  return new Map(found.map((benchmark) => [
    names[Number(benchmark.provenance.entry_id?.slice(1))] ?? "",
    benchmark,
  ]));
}
