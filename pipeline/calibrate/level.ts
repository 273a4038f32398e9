// One level against the mock server, as a line of the calibration.
import { percentile, worstOf } from "../agent/percentile.ts";
import type { CalibrationLevel } from "../schema/calibration.ts";
import { type ClockOffset, readOffset } from "./clock.ts";
import { type Expected, type Figures, figuresOf } from "./figures.ts";
import type { Client } from "./heard.ts";
import type { Told } from "./mock/told.ts";
import { type Load, type Replay, replay } from "./replay.ts";

/** Errors below which a client tells the truth, milliseconds. */
export const CLEAN_BELOW_MS = 2;

/** Replays `load` with `client` and compares its times with those of the server at `url`. */
export async function measureLevel(
  client: Client,
  url: string,
  load: Load,
  expected: Expected & { readonly gap_ms: number },
  stop: AbortSignal,
): Promise<{ level: CalibrationLevel; offset: ClockOffset }> {
  await readTold(url);
  const offset = await readOffset(url);
  const replayed = await replay(client, load, stop);
  const told = await readTold(url);
  const figures = figuresOf(replayed.heard, told, expected, replayed.window, offset.offset_ms);
  return { level: levelOf(load.streams, replayed, figures, expected.gap_ms), offset };
}

/** The line of one level of streams with `gap_ms` between chunks. Pure. */
export function levelOf(
  streams: number,
  { window, cpu_us, loop_lags_ms }: Pick<Replay, "window" | "cpu_us" | "loop_lags_ms">,
  figures: Figures,
  gap_ms: number,
): CalibrationLevel {
  const window_seconds = (window.to - window.from) / 1000;
  const { requests, errors, chunks, counts_exact } = figures;
  const p99_ttft_error_ms = percentile(figures.ttft_errors_ms, 0.99);
  const p99_itl_error_ms = percentile(figures.itl_errors_ms, 0.99);
  const p99_server_span_ms = percentile(figures.server_spans_ms, 0.99);
  const p99_server_late_ms = percentile(figures.server_lates_ms, 0.99);
  const isLow = (error: number | null) => error !== null && error < CLEAN_BELOW_MS;
  return {
    streams,
    window_seconds,
    requests,
    errors,
    chunks,
    chunks_per_second: window_seconds > 0 ? chunks / window_seconds : 0,
    counts_exact,
    p50_ttft_error_ms: percentile(figures.ttft_errors_ms, 0.5),
    p99_ttft_error_ms,
    p50_itl_error_ms: percentile(figures.itl_errors_ms, 0.5),
    p99_itl_error_ms,
    p50_lag_ms: percentile(figures.lags_ms, 0.5),
    p99_lag_ms: percentile(figures.lags_ms, 0.99),
    p99_server_span_ms,
    p99_server_late_ms,
    server_fit: (p99_server_span_ms ?? 0) < CLEAN_BELOW_MS && (p99_server_late_ms ?? 0) < gap_ms / 2,
    p99_loop_lag_ms: worstOf(loop_lags_ms, 0.99),
    cpu_us_per_chunk: chunks > 0 ? cpu_us / chunks : null,
    clean: counts_exact && isLow(p99_ttft_error_ms) && isLow(p99_itl_error_ms),
  };
}

async function readTold(url: string): Promise<Told[]> {
  return await (await fetch(`${url}/mock/told`)).json() as Told[];
}
