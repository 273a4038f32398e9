// benchmarks: list them, or ask for best, cheapest, recommend, compare.
import { UserError } from "../errors.ts";
import { exists } from "../lib/files.ts";
import { buildLocked } from "./build.ts";
import { Database } from "../lib/duckdb.ts";
import { nearest } from "../schema/nearest.ts";
import type { Shell } from "../main.ts";
import { toJson } from "../query/json.ts";
import {
  best,
  cheapest,
  compare,
  list,
  type ListFilter,
  names,
  type RankFilter,
  recommend,
} from "../query/mod.ts";
import { renderAnswer, renderComparison, renderList, renderRecommendations } from "../query/render.ts";

export interface BenchmarksOptions {
  readonly model?: string;
  readonly gpu?: string;
  readonly provider?: string;
  readonly runtime?: string;
  readonly concurrency?: number;
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
    const answer = await list(db, options);
    if (answer.count === 0) await refuseUnknown(db, options);
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
  const answer = await query(db, filter);
  if (answer === null) {
    await refuseUnknown(db, filter);
    throw await nothingFound(db, filter);
  }
  return { answer, table: render(answer) };
}

/** Refuses a filter whose value no benchmark has, naming the nearest known ones. */
async function refuseUnknown(db: Database, filter: ListFilter): Promise<void> {
  const { models, gpus, providers, runtimes } = await names(db);
  const fits = (known: readonly string[], wanted: string) => known.includes(wanted);
  const partly = (known: readonly string[], wanted: string) =>
    known.some((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  const filters = [
    ["model", filter.model, models, fits],
    ["GPU", filter.gpu, gpus, partly],
    ["provider", filter.provider, providers, fits],
    ["runtime", filter.runtime, runtimes, fits],
  ] as const;
  for (const [what, wanted, counts, matches] of filters) {
    const known = [...counts.keys()];
    if (wanted === undefined || matches(known, wanted)) continue;
    throw new UserError(
      `Cannot find a benchmark of the ${what} ${wanted}: there is none`,
      known.length === 0
        ? "Nothing was measured yet."
        : `Nearest known: ${nearest(wanted, known).join(", ")}.`,
    );
  }
}

async function nothingFound(db: Database, filter: RankFilter): Promise<UserError> {
  const { model, min_tps, concurrency = 1 } = filter;
  const { benchmarks } = await list(db, { model });
  const levels = [...new Set(benchmarks.map((benchmark) => benchmark.test_config.concurrent_reqs))].sort((
    a,
    b,
  ) => a - b);
  if (await best(db, filter) !== null) {
    return new UserError(
      min_tps === undefined
        ? `Cannot say what is cheapest for ${model}: no benchmark at concurrency ${concurrency} has a price`
        : `Cannot find a priced benchmark of ${model} that reaches ${min_tps} tokens/s at concurrency ${concurrency}`,
      "Give a price: price_per_hour in the matrix, or --price with import; or ask for less speed.",
    );
  }
  return new UserError(
    `Cannot rank ${model} at concurrency ${concurrency}: no benchmark fits all that was asked and may be ranked`,
    `It was measured at concurrency ${
      levels.join(", ")
    }; see \`deno task benchmarks --model ${model}\` for prices, filters and verdicts.`,
  );
}
