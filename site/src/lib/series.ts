// What the charts draw: per-request and telemetry series, read from the published Parquet in one query each.
import { listValue } from "@duckdb/node-api";
import gpuSamplesSql from "../sql/gpu_samples.sql?raw";
import requestsSql from "../sql/requests.sql?raw";
import { partsOf } from "./files.ts";
import { rowsOf } from "./rows.ts";

export interface RequestPoint {
  readonly seconds: number;
  readonly tokens_per_second: number | null;
  readonly latency_ms: number | null;
  readonly ttft_ms: number | null;
  /** Requests of the benchmark, of which this is one. */
  readonly total: number;
}

export interface GpuPoint {
  readonly seconds: number;
  readonly utilization_pct: number | null;
  readonly memory_used_gib: number | null;
  readonly temperature_c: number | null;
  readonly power_w: number | null;
}

const MOST_REQUESTS = 300;
const MOST_SAMPLES = 120;

const requests = await grouped<RequestPoint>("requests", requestsSql, MOST_REQUESTS, "benchmark_id");
const samples = await grouped<GpuPoint>("gpu_samples", gpuSamplesSql, MOST_SAMPLES, "evidence_id");

/** Measured requests of a benchmark, oldest first; evenly thinned out when there are many. */
export function requestsOf(benchmarkId: string): readonly RequestPoint[] {
  return requests.get(benchmarkId) ?? [];
}

/** Telemetry of the whole time that an entry's evidence spans, all load levels. */
export function samplesOf(evidenceId: string): readonly GpuPoint[] {
  return samples.get(evidenceId) ?? [];
}

async function grouped<T>(
  dataset: string,
  sql: string,
  most: number,
  key: string,
): Promise<Map<string, T[]>> {
  const files = partsOf(dataset);
  if (files.length === 0) return new Map();
  const rows = await rowsOf<T & Record<string, unknown>>(sql, { most, files: listValue(files) });
  return Map.groupBy(rows, (row) => String(row[key]));
}
