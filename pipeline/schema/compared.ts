// PURE. A comparison as rows: the fastest, beside itself, first.
import type { Comparison } from "./api.ts";

/** The baseline and all others. */
export function compared({ baseline, comparisons }: Comparison): Comparison["comparisons"] {
  const itself = (figure: number | null) => figure === null ? null : 1;
  return [{
    result: baseline,
    speedup_factor: 1,
    cost_efficiency: itself(baseline.price_per_hour),
    memory_efficiency: itself(baseline.memory.available_gib),
  }, ...comparisons];
}
