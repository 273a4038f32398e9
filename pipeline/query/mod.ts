// The questions the almanac answers: one implementation for the command line, the API and its static mirror.
import type { Database, Row } from "../lib/duckdb.ts";
import type {
  BenchmarkAnswer,
  BenchmarkDetail,
  BenchmarkList,
  CheapestFile,
  Comparison,
  Pareto,
  Recommendations,
} from "../schema/api.ts";
import type { BenchmarkResult, CostAnalysis } from "../schema/benchmark.ts";
import type { Definition } from "../schema/definition.ts";
import type { RecommendBy } from "../schema/names.ts";
import { ask } from "./ask.ts";

/** What narrows an answer; filters combine with AND. */
export interface Filter {
  readonly gpu?: string | undefined;
  readonly provider?: string | undefined;
  readonly runtime?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly workload?: string | undefined;
  readonly limit?: number | undefined;
}
export interface ListFilter extends Filter {
  readonly model?: string | undefined;
}
export interface RankFilter extends Filter {
  readonly model: string;
  readonly min_tps?: number | undefined;
}
export interface RecommendFilter extends RankFilter {
  /** What ranks; speed unless told. */
  readonly by?: RecommendBy | undefined;
}

/** Benchmarks that match, newest first, all of them without `limit`. */
export async function list(db: Database, filter: ListFilter = {}): Promise<BenchmarkList> {
  const rows = await ask(db, "list", {
    ...narrow(filter),
    model: filter.model ?? null,
    limit: filter.limit ?? null,
  });
  return listOf(rows);
}

/** The benchmarks of one run, in the order of its entries. */
export async function ofRun(db: Database, runId: string): Promise<BenchmarkList> {
  return listOf(await ask(db, "of_run", { run_id: runId }));
}

/** One benchmark with what it costs; null when there is none of that id. */
export async function get(db: Database, id: string): Promise<BenchmarkAnswer | null> {
  return answerOf(await ask(db, "get", { id }));
}

/** The same with its figures as other tools would print them. */
export async function detail(db: Database, id: string): Promise<BenchmarkDetail | null> {
  const answer = await get(db, id);
  return answer === null ? null : { ...answer, definitions: (await definitions(db, id)).get(id) ?? [] };
}

/** Every benchmark in detail, newest first. */
export async function details(db: Database): Promise<BenchmarkDetail[]> {
  const rows = await ask(db, "list", { ...narrow({}), model: null, limit: null });
  const printed = await definitions(db, null);
  return rows.map(resultAndCost).map((answer) => ({
    ...answer,
    definitions: printed.get(answer.benchmark.id) ?? [],
  }));
}

/** The fastest for a model at one load level; null when nothing may be ranked. */
export async function best(db: Database, filter: RankFilter): Promise<BenchmarkAnswer | null> {
  return await firstOf(db, await ask(db, "best", await rank(db, filter)));
}

/** The most tokens per dollar among those that reach `min_tps`; null when none has a price. */
export async function cheapest(db: Database, filter: RankFilter): Promise<BenchmarkAnswer | null> {
  const rows = await ask(db, "cheapest", { ...await rank(db, filter), min_tps: filter.min_tps ?? null });
  return await firstOf(db, rows);
}

/** The fastest of those that have a price, whatever speed is asked for; null when none has one. */
export async function fastestPriced(db: Database, filter: RankFilter): Promise<BenchmarkAnswer | null> {
  const frontier = await ask(db, "frontier", await rank(db, filter));
  return await firstOf(db, frontier.slice(-1));
}

/** The static file of `cheapest`: the answer for every speed, and the steps that answer each min_tps. */
export async function cheapestFile(db: Database, filter: RankFilter): Promise<CheapestFile | null> {
  const answer = await cheapest(db, filter);
  if (answer === null) return null;
  const frontier = await ask(db, "frontier", await rank(db, filter));
  return { ...answer, frontier: frontier as CheapestFile["frontier"] };
}

/** All hardware for a model beside the fastest; null when nothing may be ranked. */
export async function compare(db: Database, filter: RankFilter): Promise<Comparison | null> {
  const [first, ...others] = await ask(db, "compare", await rank(db, filter));
  if (first === undefined) return null;
  const comparisons = others.slice(0, filter.limit).map((row) => ({
    result: resultOf(row),
    speedup_factor: row.speedup_factor as number | null,
    cost_efficiency: row.cost_efficiency as number | null,
    memory_efficiency: row.memory_efficiency as number | null,
  }));
  return { baseline: resultOf(first), comparisons };
}

/** Price against speed for a model, and which benchmarks no other beats in both; null when none has a price. */
export async function pareto(db: Database, filter: RankFilter): Promise<Pareto | null> {
  const points = await ask(db, "pareto", await rank(db, filter));
  return points.length === 0 ? null : { model: filter.model, points: points as Pareto["points"] };
}

/** What each kind of machine may be expected to do for a model; null when nothing may be ranked. */
export async function recommend(db: Database, filter: RecommendFilter): Promise<Recommendations | null> {
  const { by = "speed", limit } = filter;
  const rows = (await ask(db, "recommend", { ...await rank(db, filter), by })).slice(0, limit);
  if (rows.length === 0) return null;
  const recommendations = rows.map((row) => ({
    model: filter.model,
    min_vram_gib: row.min_vram_gib as number | null,
    recommended_gpus: [String(row.gpu)],
    gpu: String(row.gpu),
    gpu_count: Number(row.gpu_count),
    provider: String(row.provider),
    interruptible: row.interruptible === true,
    expected_tps: Number(row.expected_tps),
    estimated_cost_per_hour: row.estimated_cost_per_hour as number | null,
    tokens_per_dollar: row.tokens_per_dollar as number | null,
    benchmarks: Number(row.benchmarks),
    notes: notesOf(row),
  }));
  return { model: filter.model, recommendations, count: recommendations.length };
}

/** What there is, with how many benchmarks each, by name. */
export async function names(
  db: Database,
): Promise<Record<"models" | "gpus" | "providers" | "runtimes" | "workloads", Map<string, number>>> {
  const found = {
    models: new Map(),
    gpus: new Map(),
    providers: new Map(),
    runtimes: new Map(),
    workloads: new Map(),
  };
  for (const { family, name, benchmarks } of await ask(db, "names", {})) {
    found[family as keyof typeof found].set(String(name), Number(benchmarks));
  }
  return found;
}

function narrow({ gpu, provider, runtime, concurrency, workload }: Filter) {
  return {
    gpu: gpu ?? null,
    provider: provider ?? null,
    runtime: runtime ?? null,
    concurrency: concurrency ?? null,
    workload: workload ?? null,
  };
}

async function rank(db: Database, filter: RankFilter) {
  const workload = filter.workload ?? await usualWorkload(db, filter);
  return { ...narrow({ ...filter, workload }), model: filter.model };
}

/** The workload by which a model is ranked unless another is asked for; undefined when nothing of it may be ranked. */
async function usualWorkload(db: Database, { model, concurrency }: RankFilter): Promise<string | undefined> {
  const [row] = await ask(db, "usual_workload", { model, concurrency: concurrency ?? null });
  return typeof row?.workload === "string" ? row.workload : undefined;
}

function resultOf(row: Row): BenchmarkResult {
  return JSON.parse(String(row.result));
}

function costOf(row: Row): CostAnalysis {
  return JSON.parse(String(row.cost_analysis));
}

function listOf(rows: readonly Row[]): BenchmarkList {
  return { benchmarks: rows.map(resultOf), count: rows.length };
}

/** The answer whose id a question found. */
async function firstOf(db: Database, [row]: readonly Row[]): Promise<BenchmarkAnswer | null> {
  return row === undefined ? null : await get(db, String(row.id));
}

function answerOf([row]: readonly Row[]): BenchmarkAnswer | null {
  return row === undefined ? null : resultAndCost(row);
}

function resultAndCost(row: Row): BenchmarkAnswer {
  return { benchmark: resultOf(row), cost_analysis: costOf(row) };
}

/** What other tools would print, by benchmark. */
async function definitions(db: Database, id: string | null): Promise<Map<string, Definition[]>> {
  const rows = await ask(db, "definitions", { id });
  return new Map(rows.map((row) => [String(row.id), JSON.parse(String(row.definitions))]));
}

function notesOf(row: Row): string {
  const count = Number(row.benchmarks);
  const perDollar = row.tokens_per_dollar as number | null;
  const sentences = [
    count === 1 ? "Average of 1 benchmark." : `Average of ${count} benchmarks${pricesOf(row)}.`,
    perDollar === null ? "No price is known." : `$${(1e6 / perDollar).toPrecision(3)} per million tokens.`,
    ...(row.too_large === true
      ? [
        `Too large for it: needs ${gib(row.memory_needed_gib)} of ${
          gib(row.memory_available_gib)
        }, so a part runs on the processor.`,
      ]
      : []),
    ...(row.interruptible === true ? ["Interruptible: these machines may be taken away."] : []),
    ...(row.random_weights === true ? ["Measured with random weights."] : []),
  ];
  return sentences.join(" ");
}

/** Where machines of one kind cost differently. */
function pricesOf({ min_price_per_hour: least, max_price_per_hour: most }: Row): string {
  return least === most
    ? ""
    : ` that cost $${Number(least).toFixed(3)} to $${Number(most).toFixed(3)} an hour`;
}

function gib(value: unknown): string {
  return `${Number(value).toFixed(1)} GiB`;
}
