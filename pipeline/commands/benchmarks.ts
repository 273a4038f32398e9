// benchmarks: list them, or ask for best, cheapest, recommend, compare.
import { exists } from "../lib/files.ts";
import { buildLocked } from "./build.ts";
import { Database } from "../lib/duckdb.ts";
import type { Shell } from "../main.ts";
import { toJson } from "../query/json.ts";
import { best, cheapest, compare, type RankFilter, recommend } from "../query/mod.ts";
import { renderAnswer, renderComparison, renderList, renderRecommendations } from "../query/render.ts";
import { listKnown, rankKnown } from "../query/unknown.ts";

export interface BenchmarksOptions {
  readonly model?: string;
  readonly gpu?: string;
  readonly provider?: string;
  readonly runtime?: string;
  readonly concurrency?: number;
  readonly workload?: string;
  readonly limit?: number;
  readonly minTps?: number;
  readonly output: "table" | "json";
}

export type Question = "list" | "best" | "cheapest" | "recommend" | "compare";

/** Prints the answer as a table or as the API's JSON; a UserError says what is known when there is none. */
export async function benchmarksCommand(
  question: Question,
  options: BenchmarksOptions,
  { paths, log, print }: Shell,
): Promise<void> {
  if (!await exists(paths.database)) {
    log.info("there is no built data yet, building it");
    await buildLocked(paths, log);
  }
  using db = await Database.reading(paths.database);
  const { answer, table } = await ANSWERS[question](db, options);
  print(options.output === "json" ? toJson(answer) : table);
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
  best: (db, options) => ranked(db, options, best, renderAnswer),
  cheapest: (db, options) => ranked(db, options, cheapest, renderAnswer),
  recommend: (db, options) => ranked(db, options, recommend, renderRecommendations),
  compare: (db, options) => ranked(db, options, compare, renderComparison),
};

async function ranked<T>(
  db: Database,
  options: BenchmarksOptions,
  query: (db: Database, filter: RankFilter) => Promise<T | null>,
  render: (answer: T) => string,
): Promise<Answer> {
  const filter: RankFilter = { ...options, model: options.model ?? "", min_tps: options.minTps };
  const answer = await rankKnown(db, filter, query);
  return { answer, table: render(answer) };
}
