// Which rows each answer has. Pure.
import { z } from "zod";
import { BenchmarkAnswer, type BenchmarkList, Comparison, Recommendations } from "../schema/api.ts";
import { BenchmarkResult } from "../schema/benchmark.ts";
import { compared } from "../schema/compared.ts";
import { type SloAnswer, SloOffer } from "../schema/slo.ts";
import type { Rows } from "./rows.ts";

const Within = z.strictObject({
  tier: z.string().nullable(),
  ttft_ms: z.number().nullable(),
  tpot_ms: z.number().nullable(),
  ...SloOffer.shape,
});

export function listRows({ benchmarks }: BenchmarkList): Rows {
  return { schema: BenchmarkResult, rows: benchmarks };
}

export function answerRows(answer: BenchmarkAnswer): Rows {
  return { schema: BenchmarkAnswer.omit({ simulated: true }), rows: [answer] };
}

/** The fastest first. */
export function comparisonRows(answer: Comparison): Rows {
  return { schema: Comparison.shape.comparisons.element, rows: compared(answer) };
}

export function recommendationRows({ recommendations }: Recommendations): Rows {
  return { schema: Recommendations.shape.recommendations.element, rows: recommendations };
}

/** The offers of each pair of limits, with these. */
export function sloRows({ limits }: SloAnswer): Rows {
  const rows = limits.flatMap(({ tier, ttft_ms, tpot_ms, offers }) =>
    offers.map((offer) => ({ tier, ttft_ms, tpot_ms, ...offer }))
  );
  return { schema: Within, rows };
}
