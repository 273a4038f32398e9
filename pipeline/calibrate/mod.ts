// Calibration: levels replayed against a mock server in a process of its own, whose times are known exactly.
import os, { availableParallelism } from "node:os";
import type { Calibration, CalibrationLevel } from "../schema/calibration.ts";
import { shardsFor } from "../agent/shards/exchanger.ts";
import { agentClient } from "./client.ts";
import type { ClientMaker } from "./heard.ts";
import { CLEAN_BELOW_MS, measureLevel } from "./level.ts";
import { dueOf, modelName, planOf } from "./mock/plan.ts";
import { type MockCommand, startMock } from "./mock/process.ts";
import { replay } from "./replay.ts";

export { agentClient } from "./client.ts";
export type { Client, ClientMaker, Heard } from "./heard.ts";

export interface CalibrateOptions {
  /** Streams under way at once, level by level. */
  readonly levels: readonly number[];
  /** Window of each level, seconds. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Told of each level as it ends. */
  readonly onLevel: (level: CalibrationLevel) => void;
  /** What to calibrate; default: the agent's own client with as many threads as it takes for the highest level. */
  readonly client?: ClientMaker;
  /** What every stream is; default: STREAM. */
  readonly stream?: typeof STREAM;
  /** Measure the first level that is not clean once more, and take the better one: what disturbed it may have passed. */
  readonly retry?: boolean;
  /** How the mock server is started; default: by its own file. */
  readonly mock?: MockCommand;
}

/** 50 chunks/s a stream, as an engine that decodes 50 tokens/s for each user. */
export const STREAM = { ttft: 50, gap: 20, n: 100 };

/** Not counted: what runs for the first time is slow in both processes. */
const WARM_UP = { streams: 16, ramp_ms: 500, window_ms: 500 };

/** Measures all levels; stops early, with those that ended, when the signal is aborted. */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { client: maker = agentClient(shardsFor(Math.max(...options.levels), availableParallelism())) } =
    options;
  const { stream = STREAM } = options;
  await using server = await startMock(options.mock);
  const calibrated_at = new Date().toISOString();
  const model = modelName(stream);
  const plan = planOf(model);
  const expected = { chunks: plan.n, tokens: plan.n * plan.tokens };
  await using client = maker.make(server.url, model, options.signal);
  await replay(client, WARM_UP, options.signal);
  const levels: CalibrationLevel[] = [];
  let clock_uncertainty_ms = 0;
  for (const streams of options.levels) {
    const load = { streams, ramp_ms: dueOf(plan, plan.n), window_ms: options.seconds * 1000 };
    const measured = async () => {
      const { level, offset } = await measureLevel(client, server.url, load, {
        ...expected,
        gap_ms: plan.gap,
      }, options.signal);
      clock_uncertainty_ms = Math.max(clock_uncertainty_ms, offset.uncertainty_ms);
      return level;
    };
    let level = await measured();
    if (
      options.retry === true && !level.clean && levels.every(({ clean }) => clean) && !options.signal.aborted
    ) {
      level = cleaner(level, await measured());
    }
    if (options.signal.aborted) break;
    levels.push(level);
    options.onLevel(level);
  }
  return {
    calibrated_at,
    hostname: os.hostname(),
    cpu_model: os.cpus()[0]?.model ?? "unknown",
    cpu_cores: os.cpus().length,
    client: maker.name,
    shards: client.shards,
    deno_version: Deno.version.deno,
    ttft_ms: stream.ttft,
    gap_ms: stream.gap,
    chunks_per_stream: stream.n,
    clean_below_ms: CLEAN_BELOW_MS,
    clock_uncertainty_ms,
    levels,
    ceiling_chunks_per_second: ceilingOf(levels),
  };
}

function cleaner(one: CalibrationLevel, other: CalibrationLevel): CalibrationLevel {
  const worst = ({ counts_exact, p99_ttft_error_ms, p99_itl_error_ms }: CalibrationLevel) =>
    counts_exact ? Math.max(p99_ttft_error_ms ?? Infinity, p99_itl_error_ms ?? Infinity) : Infinity;
  return worst(other) < worst(one) ? other : one;
}

/** Chunks/s of the last clean level before the first that is not; null when the first is not. Pure. */
export function ceilingOf(
  levels: readonly Pick<CalibrationLevel, "streams" | "clean" | "chunks_per_second">[],
): number | null {
  const rising = levels.toSorted((a, b) => a.streams - b.streams);
  const bad = rising.findIndex(({ clean }) => !clean);
  return rising[(bad < 0 ? rising.length : bad) - 1]?.chunks_per_second ?? null;
}
