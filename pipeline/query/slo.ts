// What hardware gives for a model within limits: one answer for the command line, the API and its static mirror.
import { UserError } from "../errors.ts";
import type { Database } from "../lib/duckdb.ts";
import { gpuLabel } from "../schema/gpu_name.ts";
import { providerTitle } from "../schema/names.ts";
import type { SloAnswer, SloLimits, SloMiss, SloOffer } from "../schema/slo.ts";
import { askJson, type Values } from "./ask.ts";
import type { RankFilter } from "./mod.ts";

export interface SloFilter extends RankFilter, SloLimits {}

type Limits = SloAnswer["limits"][number];
type Row = SloOffer & { readonly met: boolean };

/** Offers that keep each pair of limits, most tokens per dollar first; null when nothing of the model may be ranked. */
export async function slo(db: Database, filter: SloFilter): Promise<SloAnswer | null> {
  const { tier = null, ttft_ms = null, tpot_ms = null } = filter;
  const asked = await askJson<Pick<Limits, "tier" | "ttft_ms" | "tpot_ms">>(db, "slo_limits", {
    tier,
    ttft_ms,
    tpot_ms,
  });
  const limits: Limits[] = [];
  for (const each of asked) limits.push({ ...each, ...await within(db, filter, each) });
  const known = limits.some(({ judged, not_judged }) => judged + not_judged > 0);
  return known ? { model: filter.model, percentile: 99, limits } : null;
}

/** The first of `answer` by throughput instead of tokens per dollar. */
export function fastestFirst({ limits, ...answer }: SloAnswer): SloAnswer {
  const speed = ({ throughput_tokens_per_second }: SloOffer) => throughput_tokens_per_second;
  return {
    ...answer,
    limits: limits.map((each) => ({ ...each, offers: each.offers.toSorted((a, b) => speed(b) - speed(a)) })),
  };
}

/** Its offers cut to `most`; a UserError when there is none, with what came nearest. `slower`: the answer whatever throughput is needed. */
export function offersOf(answer: SloAnswer, most?: number, slower = answer): SloAnswer {
  if (answer.limits.every(({ offers }) => offers.length === 0)) throw nothingKept(answer, slower);
  return {
    ...answer,
    limits: answer.limits.map((each) => ({ ...each, offers: each.offers.slice(0, most) })),
  };
}

async function within(
  db: Database,
  filter: SloFilter,
  { ttft_ms, tpot_ms }: Pick<Limits, "ttft_ms" | "tpot_ms">,
): Promise<Pick<Limits, "offers" | "missed" | "judged" | "not_judged">> {
  const narrow: Values = {
    model: filter.model,
    ttft_ms,
    tpot_ms,
    workload: filter.workload ?? null,
    gpu: filter.gpu ?? null,
    provider: filter.provider ?? null,
    runtime: filter.runtime ?? null,
    concurrency: filter.concurrency ?? null,
  };
  const [counts] = await askJson<Pick<Limits, "judged" | "not_judged">>(db, "slo_judged", narrow);
  const { judged = 0, not_judged = 0 } = counts ?? {};
  const rows = judged === 0
    ? []
    : await askJson<Row>(db, "slo", { ...narrow, min_tps: filter.min_tps ?? null });
  return {
    offers: rows.filter(({ met }) => met).map(({ met: _, ...offer }) => offer),
    missed: rows.filter(({ met }) => !met).map(missOf),
    judged,
    not_judged,
  };
}

function missOf(row: Row): SloMiss {
  const { gpu, gpu_count, provider, runtime, quantization, weights, max_tokens, hosts } = row;
  const { id, host, location, level, levels, total_requests, p99_ttft_ms, p99_tpot_ms } = row;
  return {
    ...{ gpu, gpu_count, provider, runtime, quantization, weights, max_tokens, hosts },
    ...{ id, host, location, level, levels, total_requests, p99_ttft_ms, p99_tpot_ms },
  };
}

function nothingKept({ model, limits }: SloAnswer, slower: SloAnswer): UserError {
  const found = limits.map(({ judged, not_judged }) =>
    `${judged} of ${judged + not_judged} benchmarks have the percentiles`
  );
  return new UserError(
    `Cannot find hardware for ${model} that keeps ${limits.map(limitsInWords).join(", or ")}: ${
      [...new Set(found)].join(", ")
    }`,
    tooSlow(fastestFirst(slower)) ??
      hintOf(limits.flatMap(({ missed }) => missed)[0], limits.some(({ judged }) => judged > 0)),
  );
}

/** What the fastest within the limits gives; null when nothing keeps them. */
function tooSlow({ limits }: SloAnswer): string | null {
  const offer = limits.flatMap(({ offers }) => offers.slice(0, 1)).at(-1);
  if (offer === undefined) return null;
  const { throughput_tokens_per_second: speed, provider } = offer;
  return `The fastest within them gives ${speed.toFixed(1)} tokens/s on ${gpuLabel(offer)} at ${
    providerTitle(provider)
  }: ask for no more.`;
}

function hintOf(nearest: SloMiss | undefined, wasJudged: boolean): string {
  if (nearest === undefined) {
    return wasJudged
      ? "Ask for less throughput."
      : "Measure it: results known only as figures cannot be held against limits.";
  }
  const where = `${nearest.gpu} at ${providerTitle(nearest.provider)}, concurrency ${nearest.level}`;
  return `Nearest: ${where}, with ${figuresInWords(nearest)}.`;
}

/** `p99 TTFT ≤ 500 ms and p99 TPOT ≤ 50 ms`. */
export function limitsInWords({ ttft_ms, tpot_ms }: Pick<Limits, "ttft_ms" | "tpot_ms">): string {
  return [["TTFT", ttft_ms], ["TPOT", tpot_ms]].filter(([, limit]) => limit !== null)
    .map(([name, limit]) => `p99 ${name} ≤ ${limit} ms`).join(" and ");
}

function figuresInWords({ p99_ttft_ms, p99_tpot_ms }: SloMiss): string {
  return [["TTFT", p99_ttft_ms], ["TPOT", p99_tpot_ms]].filter(([, figure]) => figure !== null)
    .map(([name, figure]) => `p99 ${name} ${Number(figure).toFixed(0)} ms`).join(", ");
}
