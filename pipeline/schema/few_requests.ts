// What is said of a 99th percentile over few requests, on pages and in a terminal. Pure.
import type { BenchmarkResult } from "./benchmark.ts";

/** From so many values on, the interpolated 99th percentile is no more than the second largest. */
const ENOUGH = 101;
/** The fewest requests that bound a 99th percentile with 95 % confidence: 0.99^299 < 0.05. */
export const BOUNDING = Math.ceil(Math.log(0.05) / Math.log(0.99));

/** Requests that the percentiles of a benchmark are over. */
export function succeededOf({ results }: Pick<BenchmarkResult, "results">): number | null {
  return results.total_requests === null ? null : results.total_requests - (results.total_errors ?? 0);
}

/** A sentence where any of these counts of requests is too small for its p99 to be more than its largest values; else null. */
export function fewText(counts: readonly (number | null)[]): string | null {
  const few = new Set(counts.filter((count) => count !== null && count > 1 && count < ENOUGH));
  if (few.size === 0) return null;
  const listed = new Intl.ListFormat("en-GB").format(
    [...few].sort((a, b) => Number(a) - Number(b)).map(String),
  );
  return `The p99 of ${listed} requests lies between the two largest values, so that one slow request decides it; ` +
    `${BOUNDING} requests bound it with 95 % confidence.`;
}
