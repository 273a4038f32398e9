// The API's questions over the query functions: parameters are checked, then each has one canonical key and one way to ask.
import type { z } from "zod";
import { UserError } from "../errors.ts";
import type { Database } from "../lib/duckdb.ts";
import { best, cheapest, compare, detail, pareto, recommend } from "../query/mod.ts";
import { costEfficiency, gpuAnalysis, picks, providerComparison, run, runs } from "../query/overviews.ts";
import { slo } from "../query/slo.ts";
import { listKnown, rankKnown } from "../query/unknown.ts";
import { type EndpointName, ENDPOINTS } from "../schema/endpoints.ts";
import { check, type Checked } from "../schema/parse.ts";

export interface Question {
  /** The same for every spelling of the same question. */
  readonly key: string;
  /** A UserError when there is no answer, with what is known. */
  readonly ask: (db: Database) => Promise<object>;
}

/** What each endpoint makes of the parameters it is given. */
const QUESTIONS: Record<EndpointName, (given: unknown) => Checked<Question>> = {
  list: question("list", ENDPOINTS.list.query, listKnown),
  best: question("best", ENDPOINTS.best.query, (db, query) => rankKnown(db, query, best)),
  cheapest: question("cheapest", ENDPOINTS.cheapest.query, (db, query) => rankKnown(db, query, cheapest)),
  compare: question("compare", ENDPOINTS.compare.query, (db, query) => rankKnown(db, query, compare)),
  recommendations: question(
    "recommendations",
    ENDPOINTS.recommendations.query,
    (db, query) => rankKnown(db, query, recommend),
  ),
  pareto: question("pareto", ENDPOINTS.pareto.query, (db, query) => rankKnown(db, query, pareto)),
  slo: question("slo", ENDPOINTS.slo.query, (db, query) => rankKnown(db, query, slo)),
  get: question("get", ENDPOINTS.get.query, async (db, { id }) => await detail(db, id) ?? refuseId(id)),
  picks: question("picks", ENDPOINTS.picks.query, picks),
  gpus: question("gpus", ENDPOINTS.gpus.query, gpuAnalysis),
  costEfficiency: question("costEfficiency", ENDPOINTS.costEfficiency.query, costEfficiency),
  providers: question("providers", ENDPOINTS.providers.query, providerComparison),
  runs: question("runs", ENDPOINTS.runs.query, runs),
  run: question("run", ENDPOINTS.run.query, async (db, { id }) => await run(db, id) ?? refuseRun(id)),
};

/** The question that a query and the parameters of a path ask; every fault in words when it cannot be read. */
export function questionOf(
  name: EndpointName,
  query: URLSearchParams,
  path: Readonly<Record<string, string>>,
): Checked<Question> {
  const given = [...Object.entries(path), ...query];
  const values = Object.fromEntries(given);
  const times = (name: string) => given.filter(([other]) => other === name).length;
  const repeated = Object.keys(values).length === given.length ? [] : Object.keys(values)
    .filter((name) => times(name) > 1)
    .map((name) => `${name}: it is given ${times(name)} times, it must be given once`);
  const question = QUESTIONS[name](values);
  if (repeated.length === 0) return question;
  return { faults: "faults" in question ? [...repeated, ...question.faults] : repeated };
}

function question<Q extends z.ZodObject>(
  name: EndpointName,
  schema: Q,
  ask: (db: Database, query: z.output<Q>) => Promise<object>,
): (given: unknown) => Checked<Question> {
  return (given) => {
    const checked = check(schema, given);
    if ("faults" in checked) return checked;
    const { value } = checked;
    return { value: { key: `${name} ${JSON.stringify(value)}`, ask: (db) => ask(db, value) } };
  };
}

function refuseId(id: string): never {
  throw new UserError(
    `Cannot find the benchmark ${id}: there is none`,
    `The ids stand in ${ENDPOINTS.list.path}; the other questions are ${
      Object.values(ENDPOINTS).flatMap(({ path }) => path.split("benchmarks/")[1] ?? [])
        .filter((name) => !name.startsWith("{")).join(", ")
    }.`,
  );
}

function refuseRun(id: string): never {
  throw new UserError(`Cannot find the run ${id}: there is none`, `The ids stand in ${ENDPOINTS.runs.path}.`);
}
