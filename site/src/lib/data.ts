// What the pages are made of: the files of the JSON mirror, read once.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type {
  ApiIndex,
  BenchmarkAnswer,
  BenchmarkDetail,
  BenchmarkList,
  CheapestFile,
  Comparison,
  Pareto,
  Recommendations,
} from "../../../pipeline/schema/api.ts";
import type { BenchmarkResult, CostAnalysis } from "../../../pipeline/schema/benchmark.ts";
import type {
  CostEfficiency,
  GpuAnalysis,
  Picks,
  ProviderComparison,
  Run,
  RunList,
} from "../../../pipeline/schema/overview.ts";
import type { SloAnswer } from "../../../pipeline/schema/slo.ts";
import { slug } from "../../../pipeline/schema/slug.ts";

export const exported = process.env.ALMANAC_EXPORT ?? "";

function read<T>(path: string): T {
  return JSON.parse(readFileSync(join(exported, "api", "v1", path), "utf8"));
}

export const index: ApiIndex = read("index.json");
export const costEfficiency: CostEfficiency = read("cost-efficiency.json");
export const gpuAnalysis: GpuAnalysis = read("gpus.json");
export const providerComparison: ProviderComparison = read("providers.json");
export const { picks }: Picks = read("recommendations.json");
export const { runs }: RunList = read("runs.json");
export const runOf = (id: string): Run => read(`runs/${slug(id)}.json`);
const all: BenchmarkList = read("benchmarks.json");
export const benchmarks: readonly BenchmarkResult[] = all.benchmarks;

const byEvidence = Map.groupBy(
  benchmarks.filter(({ test_config }) => test_config.concurrent_reqs !== null),
  ({ provenance }) => provenance.evidence_id,
);

/** The load levels of a benchmark's evidence, lowest first; none when its load was not a number of requests in flight. */
export function ladderOf({ id, provenance }: BenchmarkResult): readonly BenchmarkResult[] {
  const levels = byEvidence.get(provenance.evidence_id) ?? [];
  if (!levels.some((level) => level.id === id)) return [];
  const levelOf = ({ test_config }: BenchmarkResult) => test_config.concurrent_reqs ?? 0;
  return levels.toSorted((a, b) => levelOf(a) - levelOf(b));
}

type Named = ApiIndex["models"][number];
const answer = <T>(named: Named, question: string): T | null => {
  const path = `${question}/${named.slug}.json`;
  return named.files.includes(path) ? read<T>(path) : null;
};

export const best = (model: Named) => answer<BenchmarkAnswer>(model, "best");
export const cheapest = (model: Named) => answer<CheapestFile>(model, "cheapest");
export const comparison = (model: Named) => answer<Comparison>(model, "compare");
export const pareto = (model: Named) => answer<Pareto>(model, "pareto");
export const slo = (model: Named) => answer<SloAnswer>(model, "slo");
export const recommendations = (model: Named) => answer<Recommendations>(model, "recommendations");

const detailOf = (id: string) => read<BenchmarkDetail>(`benchmarks/${id}.json`);
const costs = new Map<string, CostAnalysis>();

/** What a benchmark costs; each file is read once for all pages. */
export function costOf(id: string): CostAnalysis {
  const cost = costs.get(id) ?? detailOf(id).cost_analysis;
  costs.set(id, cost);
  return cost;
}

/** A benchmark's figures as other tools would print them, for its own page. */
export const definitionsOf = (id: string) => detailOf(id).definitions;

const byName = (list: readonly Named[]) => new Map(list.map((named) => [named.name, named]));
const models = byName(index.models);
const gpus = byName(index.gpus);

/** The path of a model's page, from the site's root. */
export const modelPage = (name: string) => `models/${models.get(name)?.slug}.html`;
export const gpuPage = (name: string) => `gpus/${gpus.get(name)?.slug}.html`;
export const benchmarkPage = (id: string) => `benchmarks/${id}.html`;
export const runPage = (id: string) => `runs/${slug(id)}.html`;
const runIds = new Set(runs.map(({ run_id }) => run_id));

/** Whether a run has a page: it has a manifest. */
export const hasRun = (id: string) => runIds.has(id);
