// The overviews over all models: cost efficiency, GPUs, providers, what to take, runs.
import type { Database } from "../lib/duckdb.ts";
import { STAGES } from "../schema/names.ts";
import type {
  CostCell,
  CostEfficiency,
  GpuAnalysis,
  GpuSummary,
  Picks,
  ProviderComparison,
  ProviderOffer,
  ProviderSummary,
  Run,
  RunEntry,
  RunList,
  RunSummary,
} from "../schema/overview.ts";
import { askJson } from "./ask.ts";
import {
  bestFor,
  differenceOf,
  type GpuFacts,
  limitationOf,
  type PickFacts,
  strengthOf,
  whyOf,
} from "./words.ts";

/** The overviews by their path below api/v1. */
export const OVERVIEWS = {
  "cost-efficiency": costEfficiency,
  gpus: gpuAnalysis,
  providers: providerComparison,
  recommendations: picks,
  runs,
} as const;

/** A GPU and how many of it. */
interface Kind {
  readonly gpu: string;
  readonly gpu_count: number;
}

/** Tokens per dollar, GPU × model; the row with the most comes first. */
export async function costEfficiency(db: Database): Promise<CostEfficiency> {
  const cells = await askJson<CostCell & Kind & { provider: string }>(db, "cost_efficiency");
  const rows = Map.groupBy(
    cells,
    ({ gpu, gpu_count, provider }) => JSON.stringify([gpu, gpu_count, provider]),
  );
  const most = (row: readonly { tokens_per_dollar: number | null }[]) =>
    Math.max(...row.map(({ tokens_per_dollar }) => tokens_per_dollar ?? 0));
  return {
    models: [...new Set(cells.map(({ model }) => model))],
    rows: [...rows.values()].sort((a, b) => most(b) - most(a)).map((row) => ({
      gpu: row[0]?.gpu ?? "",
      gpu_count: row[0]?.gpu_count ?? 1,
      provider: row[0]?.provider ?? "",
      cells: row.map(({ gpu: _, gpu_count: __, provider: ___, ...cell }) => cell),
    })),
  };
}

/** Every GPU with what it is good for, in words. */
export async function gpuAnalysis(db: Database): Promise<GpuAnalysis> {
  type Facts = Omit<GpuSummary, "best_for" | "strength" | "limitation"> & GpuFacts;
  const rows = await askJson<Facts>(db, "gpus");
  return {
    gpus: rows.map((row) => {
      const { facts: _, price_beside_lowest: __, ...gpu } = row;
      return { ...gpu, best_for: bestFor(row), strength: strengthOf(row), limitation: limitationOf(row) };
    }),
  };
}

/** The providers beside each other, and each GPU and model that several of them have. */
export async function providerComparison(db: Database): Promise<ProviderComparison> {
  const providers = await askJson<ProviderSummary>(db, "providers");
  const offers = await askJson<ProviderOffer & Kind & { model: string }>(db, "provider_offers");
  const groups = Map.groupBy(offers, ({ gpu, gpu_count, model }) => JSON.stringify([gpu, gpu_count, model]));
  return {
    providers,
    comparisons: [...groups.values()].map((group) => ({
      gpu: group[0]?.gpu ?? "",
      gpu_count: group[0]?.gpu_count ?? 1,
      model: group[0]?.model ?? "",
      offers: group.map(({ gpu: _, gpu_count: __, model: ___, ...offer }) => offer),
    })),
  };
}

/** Which GPU to take, by size of model and by use. */
export async function picks(db: Database): Promise<Picks> {
  return { picks: (await askJson<PickFacts>(db, "picks")).map(pickOf) };
}

function pickOf(row: PickFacts): Picks["picks"][number] {
  const { published_gpu, published_provider } = row;
  const agrees = published_gpu === row.gpu && row.gpu_count === 1 && published_provider === row.provider;
  return {
    kind: row.kind,
    name: row.name,
    aim: row.aim,
    gpu: row.gpu,
    gpu_count: row.gpu_count,
    provider: row.provider,
    id: row.id,
    model: row.model,
    rate_tokens_per_second: row.rate_tokens_per_second,
    price_per_hour: row.price_per_hour,
    tokens_per_dollar: row.tokens_per_dollar,
    why: whyOf(row),
    published: published_gpu === null || published_provider === null ? null : {
      gpu: published_gpu,
      provider: published_provider,
      agrees,
      difference: agrees ? null : differenceOf(row),
    },
  };
}

/** Every run, newest first. */
export async function runs(db: Database): Promise<RunList> {
  return { runs: await askJson<RunSummary>(db, "runs", { run_id: null }) };
}

/** One run with its manifest; null when there is none of that id. */
export async function run(db: Database, runId: string): Promise<Run | null> {
  return (await runsWithManifest(db, runId))[0] ?? null;
}

/** Every run with its manifest, newest first; only the one named by `runId` unless that is null. */
export async function runsWithManifest(db: Database, runId: string | null = null): Promise<Run[]> {
  const summaries = await askJson<RunSummary>(db, "runs", { run_id: runId });
  const manifests = Map.groupBy(
    await askJson<RunEntry>(db, "run", { run_id: runId }),
    ({ run_id }) => run_id,
  );
  return summaries.map((summary) => {
    const manifest = manifests.get(summary.run_id) ?? [];
    const failures = STAGES.map((stage) => ({
      stage,
      entries: manifest.filter(({ failure_stage }) => failure_stage === stage).length,
    }));
    return { ...summary, manifest, failures: failures.filter(({ entries }) => entries > 0) };
  });
}
