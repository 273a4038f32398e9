// benchmarks: list them, or ask for best, cheapest, recommend, compare.
import { exists } from "../lib/files.ts";
import { buildLocked } from "./build.ts";
import { Database } from "../lib/duckdb.ts";
import type { Shell } from "../main.ts";
import { toJson } from "../query/json.ts";
import { best, cheapest, compare, type RankFilter, recommend } from "../query/mod.ts";
import { renderAnswer, renderComparison, renderList, renderRecommendations } from "../query/render.ts";
import { renderSlo } from "../query/render_slo.ts";
import { fastestFirst, offersOf, slo } from "../query/slo.ts";
import { listKnown, rankKnown } from "../query/unknown.ts";
import type { SloAnswer, SloLimits } from "../schema/slo.ts";

export interface BenchmarksOptions {
  readonly model?: string;
  readonly gpu?: string;
  readonly provider?: string;
  readonly runtime?: string;
  readonly concurrency?: number;
  readonly workload?: string;
  readonly limit?: number;
  readonly minTps?: number;
  readonly slo?: SloLimits;
  readonly output: "table" | "json";
}

export type Question = "list" | "best" | "cheapest" | "recommend" | "compare";

/** Prints the answer as a table or as the API's JSON; a UserError says what is known when there is none. */
export async function benchmarksCommand(
  question: Question,
  options: BenchmarksOptions,
  { paths, log, print, printJson }: Shell,
): Promise<void> {
  if (!await exists(paths.database)) {
    log.info("there is no built data yet, building it");
    await buildLocked(paths, log);
  }
  using db = await Database.reading(paths.database);
  const { answer, table } = await ANSWERS[question](db, options);
  if (options.output === "json") printJson(toJson(answer));
  else print(table);
}

interface Answer {
  readonly answer: unknown;
  readonly table: string;
}

const ANSWERS: Record<Question, (db: Database, options: BenchmarksOptions) => Promise<Answer>> = {
  list: async (db, options) => {
    const answer = await listKnown(db, options);
    return { answer, table: renderList(answer) };
  },
  best: (db, options) =>
    options.slo === undefined
      ? ranked(db, options, best, renderAnswer)
      : withinSlo(db, options, (answer) => offersOf(fastestFirst(answer), 1)),
  cheapest: (db, options) =>
    options.slo === undefined
      ? ranked(db, options, cheapest, renderAnswer)
      : withinSlo(db, options, (answer) => offersOf(answer, 1)),
  recommend: (db, options) =>
    options.slo === undefined
      ? ranked(db, options, recommend, renderRecommendations)
      : withinSlo(db, options, (answer) => offersOf(answer, options.limit)),
  compare: (db, options) => ranked(db, options, compare, renderComparison),
};

/** `choose` cuts the answer down to what was asked for. */
async function withinSlo(
  db: Database,
  options: BenchmarksOptions,
  choose: (answer: SloAnswer) => SloAnswer,
): Promise<Answer> {
  const ask = async (db: Database, filter: RankFilter) => await slo(db, { ...filter, ...options.slo });
  const answer = choose(await rankKnown(db, filterOf(options), ask));
  return { answer, table: renderSlo(answer) };
}

async function ranked<T>(
  db: Database,
  options: BenchmarksOptions,
  query: (db: Database, filter: RankFilter) => Promise<T | null>,
  render: (answer: T) => string,
): Promise<Answer> {
  const answer = await rankKnown(db, filterOf(options), query);
  return { answer, table: render(answer) };
}

function filterOf(options: BenchmarksOptions): RankFilter {
  return { ...options, model: options.model ?? "", min_tps: options.minTps };
}
