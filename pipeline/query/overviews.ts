// The overviews over all models: cost efficiency, GPUs, providers, what to take, runs.
import { z } from "zod";
import type { Database } from "../lib/duckdb.ts";
import { STAGES } from "../schema/names.ts";
import {
  CostCell,
  type CostEfficiency,
  type GpuAnalysis,
  GpuSummary,
  Pick,
  type Picks,
  type ProviderComparison,
  ProviderOffer,
  ProviderSummary,
  type Run,
  RunEntry,
  type RunList,
  RunSummary,
} from "../schema/overview.ts";
import { askAs } from "./ask.ts";
import { bestFor, differenceOf, GpuFacts, limitationOf, PickFacts, strengthOf, whyOf } from "./words.ts";

/** The overviews by their path below api/v1. */
export const OVERVIEWS = {
  "cost-efficiency": costEfficiency,
  gpus: gpuAnalysis,
  providers: providerComparison,
  recommendations: picks,
  runs,
} as const;

const Place = z.object({ gpu: z.string(), provider: z.string() });

/** Tokens per dollar, GPU × model; the row with the most comes first. */
export async function costEfficiency(db: Database): Promise<CostEfficiency> {
  const cells = await askAs(db, "cost_efficiency", CostCell.extend(Place.shape));
  const rows = Map.groupBy(cells, ({ gpu, provider }) => JSON.stringify([gpu, provider]));
  const most = (row: readonly { tokens_per_dollar: number | null }[]) =>
    Math.max(...row.map(({ tokens_per_dollar }) => tokens_per_dollar ?? 0));
  return {
    models: [...new Set(cells.map(({ model }) => model))],
    rows: [...rows.values()].sort((a, b) => most(b) - most(a)).map((row) => ({
      gpu: row[0]?.gpu ?? "",
      provider: row[0]?.provider ?? "",
      cells: row.map(({ gpu: _, provider: __, ...cell }) => cell),
    })),
  };
}

/** Every GPU with what it is good for, in words. */
export async function gpuAnalysis(db: Database): Promise<GpuAnalysis> {
  const words = { best_for: true, strength: true, limitation: true } as const;
  const rows = await askAs(db, "gpus", GpuSummary.omit(words).extend(GpuFacts.shape));
  return {
    gpus: rows.map(({ facts, price_beside_lowest, ...gpu }) => {
      const known = { ...gpu, facts, price_beside_lowest };
      return {
        ...gpu,
        best_for: bestFor(known),
        strength: strengthOf(known),
        limitation: limitationOf(known),
      };
    }),
  };
}

/** The providers beside each other, and each GPU and model that several of them have. */
export async function providerComparison(db: Database): Promise<ProviderComparison> {
  const providers = await askAs(db, "providers", ProviderSummary);
  const offers = await askAs(
    db,
    "provider_offers",
    ProviderOffer.extend({ gpu: z.string(), model: z.string() }),
  );
  const groups = Map.groupBy(offers, ({ gpu, model }) => JSON.stringify([gpu, model]));
  return {
    providers,
    comparisons: [...groups.values()].map((group) => ({
      gpu: group[0]?.gpu ?? "",
      model: group[0]?.model ?? "",
      offers: group.map(({ gpu: _, model: __, ...offer }) => offer),
    })),
  };
}

/** Which GPU to take, by size of model and by use. */
export async function picks(db: Database): Promise<Picks> {
  const rows = await askAs(db, "picks", PickFacts);
  return {
    picks: rows.map((row) => {
      const agrees = row.published_gpu === row.gpu && row.published_provider === row.provider;
      return Pick.parse({
        ...Object.fromEntries(Object.keys(Pick.shape).map((key) => [key, row[key as keyof typeof row]])),
        why: whyOf(row),
        published: row.published_gpu === null || row.published_provider === null ? null : {
          gpu: row.published_gpu,
          provider: row.published_provider,
          agrees,
          difference: agrees ? null : differenceOf(row),
        },
      });
    }),
  };
}

/** Every run, newest first. */
export async function runs(db: Database): Promise<RunList> {
  return { runs: await askAs(db, "runs", RunSummary, { run_id: null }) };
}

/** One run with its manifest; null when there is none of that id. */
export async function run(db: Database, runId: string): Promise<Run | null> {
  return (await runsWithManifest(db, runId))[0] ?? null;
}

/** Every run with its manifest, newest first; only the one named by `runId` unless that is null. */
export async function runsWithManifest(db: Database, runId: string | null = null): Promise<Run[]> {
  const summaries = await askAs(db, "runs", RunSummary, { run_id: runId });
  const manifests = Map.groupBy(await askAs(db, "run", RunEntry, { run_id: runId }), ({ run_id }) => run_id);
  return summaries.map((summary) => {
    const manifest = manifests.get(summary.run_id) ?? [];
    const failures = STAGES.map((stage) => ({
      stage,
      entries: manifest.filter(({ failure_stage }) => failure_stage === stage).length,
    }));
    return { ...summary, manifest, failures: failures.filter(({ entries }) => entries > 0) };
  });
}
