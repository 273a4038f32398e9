// What hardware gives within limits on time to first token and time per output token: the question's answer, and how limits are written.
import { z } from "zod";
import { MOST_ASKED } from "./limits.ts";
import { Mark } from "./mark.ts";

/** Names of the tiers in sql/16_slo_tiers.sql, which has their limits. */
export const SLO_TIERS = ["interactive", "standard", "relaxed"] as const;

const number = (what: string) => z.number().nullable().meta({ description: `${what}; null when not known.` });
const text = (what: string) => z.string().nullable().meta({ description: `${what}; null when not known.` });
const count = (what: string) => z.int().meta({ description: what });
const limit = (what: string) => z.number().nullable().meta({ description: `${what}; null: no limit.` });

const setup = {
  gpu: z.string().meta({ description: "The GPU by its name in the catalogue; without one, the processor." }),
  gpu_count: number("Number of GPUs"),
  provider: z.string().meta({ description: "Who lent the machines." }),
  runtime: text("Engine that served the model"),
  quantization: text("Quantisation"),
  weights: z.enum(["real", "random"]).meta({ description: "Whether the weights are those of a real model." }),
  max_tokens: number("Most tokens a request may generate"),
  hosts: count("Machines that were measured; evidence that tells none counts as a machine of its own."),
};

const chosen = {
  id: z.string().meta({ description: "Benchmark that the figures are of." }),
  host: z.string().meta({ description: "Hashed id of its machine; of its evidence where none is known." }),
  location: text("Where that machine stands"),
  level: z.number().meta({ description: "Load level: requests in flight." }),
  levels: z.array(z.number()).meta({ description: "Levels that were measured on that machine." }),
  total_requests: number("Requests that the percentiles are over"),
  p99_ttft_ms: number("99th percentile of time to first token from the scheduled time, ms"),
  p99_tpot_ms: number("99th percentile over requests of time per output token, ms"),
};

export const SloOffer = z.strictObject({
  ...setup,
  hosts_met: count("Those of them that keep the limits at some level."),
  ...chosen,
  throughput_tokens_per_second: z.number().meta({
    description: "All output tokens of the level divided by its wall window, tokens/s.",
  }),
  avg_tokens_per_second: number("What one user sees there: mean over requests, tokens/s"),
  price_per_hour: number("US dollars per hour"),
  tokens_per_dollar: number("throughput × 3600 / price_per_hour"),
  cost_per_million_tokens: number("US dollars per million output tokens"),
  min_level: z.number().meta({ description: "Lowest level that a machine was best at." }),
  max_level: z.number().meta({ description: "Highest level that a machine was best at." }),
  min_throughput_tokens_per_second: z.number().meta({ description: "Slowest machine, tokens/s." }),
  max_throughput_tokens_per_second: z.number().meta({ description: "Fastest machine, tokens/s." }),
  min_tokens_per_dollar: number("Tokens per dollar of the dearest machine"),
  max_tokens_per_dollar: number("Tokens per dollar of the cheapest machine"),
  low_tokens_per_dollar: z.number().nullable().meta({
    description:
      "Lower end of the 95 % interval of the median over machines, at the price of this one; null below three machines, or where they were not all best at one level.",
  }),
  high_tokens_per_dollar: z.number().nullable().meta({ description: "Upper end of that interval." }),
  ties_cheapest: z.boolean().nullable().meta({
    description:
      "Whether its interval, or the range of its machines below three, overlaps that of the first; null where either has one machine alone.",
  }),
}).meta({
  id: "SloOffer",
  description:
    "What a GPU at a provider gives within the limits: its median machine, each at its best level.",
});

export const SloMiss = z.strictObject({ ...setup, ...chosen }).meta({
  id: "SloMiss",
  description: "A GPU at a provider that kept the limits at no level, with the level that came nearest.",
});

export const SloAnswer = Mark.extend({
  model: z.string().meta({ description: "Model asked for." }),
  percentile: z.literal(99).meta({
    description: "Percentile over requests that is held against the limits.",
  }),
  limits: z.array(z.strictObject({
    tier: z.string().nullable().meta({ description: "Name of the tier; null for limits of one's own." }),
    ttft_ms: limit("Longest time to first token, ms"),
    tpot_ms: limit("Longest time per output token, ms"),
    offers: z.array(SloOffer).meta({ description: "Most tokens per dollar first." }),
    missed: z.array(SloMiss).meta({ description: "Those that kept them at no level, the nearest first." }),
    judged: count("Ranked benchmarks whose percentiles are known."),
    not_judged: count("Ranked benchmarks without the percentiles that the limits need; they are left out."),
  })).meta({ description: "One answer for each pair of limits, the strictest first." }),
}).meta({ id: "SloAnswer", description: "GET /api/v1/slo" });

export type SloOffer = z.infer<typeof SloOffer>;
export type SloMiss = z.infer<typeof SloMiss>;
export type SloAnswer = z.infer<typeof SloAnswer>;
export type SloTier = typeof SLO_TIERS[number];

/** Limits as they are asked for; without any of them all tiers are meant. */
export interface SloLimits {
  readonly tier?: SloTier | undefined;
  readonly ttft_ms?: number | undefined;
  readonly tpot_ms?: number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000 };

/** Reads `ttft=500ms,tpot=50ms`, one of both, or the name of a tier; a sentence when it is neither. */
export function parseSlo(text: string): SloLimits | { readonly fault: string } {
  const tier = SLO_TIERS.find((name) => name === text);
  if (tier !== undefined) return { tier };
  const limits: { ttft_ms?: number; tpot_ms?: number } = {};
  for (const part of text.split(",")) {
    const [, name, value, unit = ""] = part.trim().match(/^(ttft|tpot)=(\d+(?:\.\d+)?)(ms|s)$/) ?? [];
    const key = `${name}_ms` as "ttft_ms" | "tpot_ms";
    const limit = Number(value) * (UNITS[unit] ?? NaN);
    if (name === undefined) return { fault: `"${part.trim()}" ${faultOf(part.trim())}. ${FORM}` };
    if (!(limit > 0)) return { fault: `"${part.trim()}" is no limit above 0. ${FORM}` };
    if (limit > MOST_ASKED.ms) return { fault: `"${part.trim()}" is above ${MOST_ASKED.ms} ms. ${FORM}` };
    if (key in limits) return { fault: `${name} is given twice. ${FORM}` };
    limits[key] = limit;
  }
  return limits;
}

function faultOf(part: string): string {
  return /^(ttft|tpot)=\d+(\.\d+)?$/.test(part) ? "has no unit" : "is not known";
}

const FORM = `It takes ttft=500ms,tpot=50ms (either alone, ms or s), or a tier: ${SLO_TIERS.join(", ")}.`;
