// Questions whose answer may be empty: why it is, and which known names come nearest. Shared by the command line and the live API.
import { UserError } from "../errors.ts";
import type { Database } from "../lib/duckdb.ts";
import type { BenchmarkAnswer, BenchmarkList } from "../schema/api.ts";
import { gpuLabel } from "../schema/gpu_name.ts";
import { providerTitle } from "../schema/names.ts";
import { nearest } from "../schema/nearest.ts";
import { best, fastestPriced, list, type ListFilter, names, type RankFilter } from "./mod.ts";

/** The list; a UserError when it is empty because no benchmark has one of the names asked for. */
export async function listKnown(db: Database, filter: ListFilter): Promise<BenchmarkList> {
  const answer = await list(db, filter);
  if (answer.count === 0) await refuseUnknown(db, filter);
  return answer;
}

/** What `question` answers; a UserError says why there is nothing to rank. */
export async function rankKnown<T>(
  db: Database,
  filter: RankFilter,
  question: (db: Database, filter: RankFilter) => Promise<T | null>,
): Promise<T> {
  const answer = await question(db, filter);
  if (answer !== null) return answer;
  await refuseUnknown(db, { ...filter, workload: undefined });
  throw await nothingFound(db, filter);
}

/** Refuses a filter whose value no benchmark has, naming the nearest known ones. */
async function refuseUnknown(db: Database, filter: ListFilter): Promise<void> {
  const { models, gpus, providers, runtimes, workloads } = await names(db);
  const fits = (known: readonly string[], wanted: string) => known.includes(wanted);
  const partly = (known: readonly string[], wanted: string) =>
    known.some((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  const filters = [
    ["model", filter.model, models, fits],
    ["GPU", filter.gpu, gpus, partly],
    ["provider", filter.provider, providers, fits],
    ["runtime", filter.runtime, runtimes, fits],
    ["workload", filter.workload, workloads, fits],
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
  const { model, min_tps, concurrency = 1, workload } = filter;
  const fastest = await best(db, filter);
  if (fastest !== null) {
    const priced = await fastestPriced(db, filter);
    if (priced === null) {
      return new UserError(
        `Cannot say what is cheapest for ${model}: no benchmark at concurrency ${concurrency} has a price`,
        `The fastest gives ${
          speedOf(fastest)
        }. Give a price: price_per_hour in the matrix, or --price with import.`,
      );
    }
    return new UserError(
      `Cannot find a priced benchmark of ${model} that reaches ${min_tps} tokens/s at concurrency ${concurrency}`,
      `The fastest that has a price gives ${speedOf(priced)}: ask for no more.`,
    );
  }
  const { benchmarks } = await list(db, { model });
  const levels = new Set(
    benchmarks.flatMap(({ test_config: { concurrent_reqs } }) => concurrent_reqs ?? []),
  );
  const workloads = new Set(benchmarks.map((benchmark) => benchmark.test_config.workload ?? "standard"));
  const [under, measuredUnder] = workload === undefined
    ? ["", ""]
    : [` with workload ${workload}`, ` and with workload ${[...workloads].sort().join(", ")}`];
  return new UserError(
    `Cannot rank ${model} at concurrency ${concurrency}${under}: no benchmark fits all that was asked and may be ranked`,
    `It was measured at concurrency ${
      [...levels].sort((a, b) => a - b).join(", ")
    }${measuredUnder}; the list of its benchmarks has prices, filters and verdicts.`,
  );
}

/** `304.8 tokens/s on RTX 5090 at Vast.ai`. */
function speedOf({ benchmark: { hardware, provider, rate_tokens_per_second } }: BenchmarkAnswer): string {
  return `${rate_tokens_per_second?.toFixed(1)} tokens/s on ${gpuLabel(hardware)} at ${
    providerTitle(provider)
  }`;
}
