// A calibration as a table for people. Pure.
import { renderTable } from "../lib/table.ts";
import type { Calibration, CalibrationLevel } from "../schema/calibration.ts";

/** The table, what its columns mean, and the ceiling in words. */
export function renderCalibration(calibration: Calibration, width?: number): string {
  const { cpu_cores, cpu_model, client, shards, clean_below_ms, levels } = calibration;
  const threads = (shards ?? 1) > 1 ? ` with ${shards} threads` : "";
  return `${client}${threads} on ${cpu_cores} × ${cpu_model.trim()}\n${table(levels, width)}` +
    "TTFT, ITL: error against the server's own times, median / 99th percentile;\n" +
    "CPU: the client's per chunk; loop: late timers, 99th percentile, ms; WRONG: counts are;\n" +
    "server: not clean, but the server itself was late or did not know its times to the limit\n" +
    `${ceiling(calibration)} (99th percentiles below ${clean_below_ms} ms, counts exact)\n`;
}

function table(levels: readonly CalibrationLevel[], width?: number): string {
  return renderTable<CalibrationLevel>(
    [
      { title: "streams", of: ({ streams }) => streams, digits: 0 },
      { title: "chunks/s", of: ({ chunks_per_second }) => chunks_per_second, digits: 0 },
      { title: "TTFT ms", of: (level) => pair(level.p50_ttft_error_ms, level.p99_ttft_error_ms), least: 11 },
      { title: "ITL ms", of: (level) => pair(level.p50_itl_error_ms, level.p99_itl_error_ms), least: 11 },
      { title: "CPU µs", of: ({ cpu_us_per_chunk }) => cpu_us_per_chunk, digits: 1 },
      { title: "loop", of: ({ p99_loop_lag_ms }) => p99_loop_lag_ms, digits: 1 },
      {
        title: "result",
        of: ({ clean, counts_exact, server_fit }) =>
          !counts_exact ? "WRONG" : clean ? "clean" : server_fit ? "late" : "server",
      },
    ],
    levels,
    width,
  );
}

function pair(median: number | null, p99: number | null): string | null {
  return median === null || p99 === null ? null : `${digits(median)} / ${digits(p99)}`;
}

function digits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function ceiling({ ceiling_chunks_per_second }: Calibration): string {
  return ceiling_chunks_per_second === null
    ? "No level was clean"
    : `Clean up to ${ceiling_chunks_per_second.toFixed(0)} chunks/s`;
}
