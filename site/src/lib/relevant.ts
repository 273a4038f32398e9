// Which results a page shows when there are too many for one. Pure.
import { levelOf } from "../../../pipeline/schema/load.ts";
import type { BenchmarkResult } from "../../../pipeline/schema/benchmark.ts";

type Kind =
  & Pick<BenchmarkResult, "provider">
  & { readonly model: Pick<BenchmarkResult["model"], "name" | "runtime"> }
  & { readonly hardware: Pick<BenchmarkResult["hardware"], "gpu" | "gpu_count"> }
  & {
    readonly test_config: Pick<
      BenchmarkResult["test_config"],
      "concurrent_reqs" | "arrival" | "request_rate" | "workload"
    >;
  };

/** At most `most` of `benchmarks`, in their order, which is newest first: the newest of every kind before a second one of any. */
export function mostRelevant<One extends Kind>(benchmarks: readonly One[], most: number): readonly One[] {
  if (benchmarks.length <= most) return benchmarks;
  const newest = new Set(new Map(benchmarks.toReversed().map((one) => [kindOf(one), one])).values());
  const inTurn = [
    ...benchmarks.filter((one) => newest.has(one)),
    ...benchmarks.filter((one) => !newest.has(one)),
  ];
  const chosen = new Set(inTurn.slice(0, most));
  return benchmarks.filter((one) => chosen.has(one));
}

/** Results of the same kind repeat one measurement. */
function kindOf({ model, hardware, provider, test_config }: Kind): string {
  const { gpu, gpu_count } = hardware;
  return JSON.stringify([
    model.name,
    model.runtime,
    gpu,
    gpu_count,
    provider,
    test_config.arrival,
    levelOf(test_config),
    test_config.workload ?? "standard",
  ]);
}
