// benchmarks: list them, or ask for best, cheapest, recommend, compare.
import { buildWhereNeeded } from "./build.ts";
import { Database } from "../lib/duckdb.ts";
import type { Shell } from "../main.ts";
import { toJson } from "../query/json.ts";
import { markOf } from "../query/mark.ts";
import { best, cheapest, compare, type RankFilter, recommend, type RecommendFilter } from "../query/mod.ts";
import { renderAnswer, renderComparison, renderList, renderRecommendations } from "../query/render.ts";
import { renderSlo } from "../query/render_slo.ts";
import { type Rows, toCsv, toNdjson } from "../query/rows.ts";
import { answerRows, comparisonRows, listRows, recommendationRows, sloRows } from "../query/rows_of.ts";
import { fastestFirst, offersOf, slo } from "../query/slo.ts";
import { listKnown, rankKnown } from "../query/unknown.ts";
import { SIMULATED } from "../schema/mark.ts";
import type { OUTPUTS, RecommendBy } from "../schema/names.ts";
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
  readonly by?: RecommendBy;
  readonly slo?: SloLimits;
  readonly output: (typeof OUTPUTS)[number];
}

export type Question = "list" | "best" | "cheapest" | "recommend" | "compare";

/** Prints the answer as a table, as the API's JSON or as rows; a UserError says what is known when there is none. */
export async function benchmarksCommand(
  question: Question,
  options: BenchmarksOptions,
  { paths, log, width, print, printJson, printCsv }: Shell,
): Promise<void> {
  await buildWhereNeeded(paths, log);
  using db = await Database.reading(paths.database);
  const { answer, rows, table } = await ANSWERS[question](db, options);
  const mark = await markOf(db);
  if (options.output === "json") printJson(toJson({ ...mark, ...answer }));
  else if (options.output === "ndjson") printJson(toNdjson(rows()));
  else if (options.output === "csv") printCsv(toCsv(rows()));
  else print(table(width));
  if (mark.simulated !== true) return;
  if (options.output === "table") print(`${SIMULATED}\n`);
  else log.info(SIMULATED);
}

/** What a question found, in each of its forms. */
interface Answer {
  readonly answer: object;
  readonly rows: () => Rows;
  readonly table: (width: number) => string;
}

const ANSWERS: Record<Question, (db: Database, options: BenchmarksOptions) => Promise<Answer>> = {
  list: async (db, options) => formsOf(await listKnown(db, options), renderList, listRows),
  best: (db, options) =>
    options.slo === undefined
      ? ranked(db, options, best, renderAnswer, answerRows)
      : withinSlo(db, options, (answer) => offersOf(fastestFirst(answer), 1)),
  cheapest: (db, options) =>
    options.slo === undefined
      ? ranked(db, options, cheapest, renderAnswer, answerRows)
      : withinSlo(db, options, (answer, slower) => offersOf(answer, 1, slower)),
  recommend: (db, options) =>
    options.slo === undefined
      ? ranked(db, options, recommend, renderRecommendations, recommendationRows)
      : withinSlo(
        db,
        options,
        (answer) => offersOf(options.by === "speed" ? fastestFirst(answer) : answer, options.limit),
      ),
  compare: (db, options) => ranked(db, options, compare, renderComparison, comparisonRows),
};

function formsOf<T extends object>(
  answer: T,
  render: (answer: T, width?: number) => string,
  rowsOf: (answer: T) => Rows,
): Answer {
  return { answer, rows: () => rowsOf(answer), table: (width) => render(answer, width) };
}

/** `choose` cuts the answer down to what was asked for, and is told what there is at any speed. */
async function withinSlo(
  db: Database,
  options: BenchmarksOptions,
  choose: (answer: SloAnswer, slower: SloAnswer) => SloAnswer,
): Promise<Answer> {
  const ask = async (db: Database, filter: RankFilter) => await slo(db, { ...filter, ...options.slo });
  const { min_tps, ...rest } = filterOf(options);
  const slower = await rankKnown(db, rest, ask);
  const answer = min_tps === undefined ? slower : await rankKnown(db, { ...rest, min_tps }, ask);
  return formsOf(choose(answer, slower), renderSlo, sloRows);
}

async function ranked<T extends object>(
  db: Database,
  options: BenchmarksOptions,
  query: (db: Database, filter: RecommendFilter) => Promise<T | null>,
  render: (answer: T, width?: number) => string,
  rowsOf: (answer: T) => Rows,
): Promise<Answer> {
  return formsOf(await rankKnown(db, filterOf(options), query), render, rowsOf);
}

function filterOf(options: BenchmarksOptions): RecommendFilter {
  return { ...options, model: options.model ?? "", min_tps: options.minTps };
}
