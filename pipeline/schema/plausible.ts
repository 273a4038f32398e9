// PURE. Why the figures of a submission cannot all be true: each fault names its path, the numbers and the limit.
import type { CatalogGpu, CatalogModel } from "./catalog.ts";
import type { Submission } from "./summary.ts";

/** What a submission is held against; a model that the catalogue lacks is undefined. */
export interface Known {
  readonly gpu: CatalogGpu;
  readonly model: CatalogModel | undefined;
  readonly now: Date;
}

type Results = Submission["results"];
type Number = number | null | undefined;

const ROUNDING = 0.02;
/** Input embeddings are part of the weights but are not read for every token. */
const UNREAD = 1.1;
/** The longer requests of a level may be faster than its mean over requests. */
const UNEVEN = 1.5;
const FIRST_DATE = "2020-01-01";

/** One sentence for each contradiction; empty when there is none. */
export function implausible(submission: Submission, known: Known): string[] {
  const { results } = submission;
  return [
    ...disordered(results, "tokens_per_second", ["min", "p50", "p95", "p99", "max"]),
    ...disordered(results, "tokens_per_second", ["min", "avg", "max"]),
    ...disordered(results, "latency_ms", ["min", "p50", "p95", "p99", "max"]),
    ...disordered(results, "latency_ms", ["min", "avg", "max"]),
    ...disordered(results, "ttft_ms", ["p50", "p95", "p99"]),
    ...contradictions(results),
    ...statistics(submission),
    ...time(submission, known.now),
    ...hardware(submission, known.gpu),
    ...tooFast(submission, known),
  ];
}

/** Figures of one quantity must grow in this order. */
function disordered(results: Results, quantity: string, order: readonly string[]): string[] {
  const figures = Object.entries(results);
  const told = order.flatMap((name) => {
    const value = figures.find(([key]) => key === `${name}_${quantity}`)?.[1];
    return typeof value === "number" ? [{ key: `${name}_${quantity}`, value }] : [];
  });
  return told.slice(1).flatMap(({ key, value }, index) => {
    const before = told[index];
    return before === undefined || before.value <= value * (1 + 1e-9)
      ? []
      : [`results.${before.key}: it is ${before.value}, more than ${key} with ${value}`];
  });
}

function contradictions(results: Results): string[] {
  const { total_requests, total_errors, total_tokens, avg_tokens_per_request, error_rate } = results;
  const faults: string[] = [];
  if (more(total_errors, total_requests)) {
    faults.push(
      `results.total_errors: it is ${total_errors}, more than total_requests with ${total_requests}`,
    );
  }
  if (more(error_rate, 1)) faults.push(`results.error_rate: it is ${error_rate}, it must be at most 1`);
  const errors = total_errors ?? 0;
  if (isNumber(total_requests) && isNumber(error_rate) && differ(error_rate * total_requests, errors, 0.5)) {
    faults.push(
      `results.error_rate: ${error_rate} of ${total_requests} requests is not total_errors, ${errors}`,
    );
  }
  if (isNumber(total_requests) && isNumber(avg_tokens_per_request) && isNumber(total_tokens)) {
    const expected = (total_requests - errors) * avg_tokens_per_request;
    if (differ(expected, total_tokens, total_requests)) {
      faults.push(
        `results.total_tokens: it is ${total_tokens}, but ${
          total_requests - errors
        } successful requests of ${avg_tokens_per_request} tokens are ${Math.round(expected)}`,
      );
    }
  }
  return faults;
}

function statistics(
  { gpu_stats = {}, test_config = {}, throughput_tokens_per_second }: Submission,
): string[] {
  const pairs = [
    "utilization_pct",
    "memory_used_mib",
    "temperature_c",
    "power_draw_w",
    "sm_clock_mhz",
  ] as const;
  const level = test_config.concurrent_reqs ?? 1;
  return [
    ...pairs.filter((name) => more(gpu_stats[`avg_${name}`], gpu_stats[`max_${name}`]))
      .map((name) => `gpu_stats.avg_${name}: it is ${gpu_stats[`avg_${name}`]}, more than max_${name}`),
    ...(["max_utilization_pct", "power_cap_pct", "thermal_throttle_pct"] as const)
      .filter((name) => more(gpu_stats[name], 100))
      .map((name) => `gpu_stats.${name}: it is ${gpu_stats[name]}, it must be at most 100`),
    ...(level > 1 && !isNumber(throughput_tokens_per_second)
      ? [`throughput_tokens_per_second: it is missing, it ranks a result above concurrency 1`]
      : []),
  ];
}

function time({ timestamp }: Submission, now: Date): string[] {
  if (timestamp === undefined) return [];
  const at = new Date(timestamp);
  if (at.getTime() > now.getTime() + 3_600_000) return [`timestamp: ${timestamp} lies in the future`];
  return at < new Date(FIRST_DATE) ? [`timestamp: ${timestamp} lies before ${FIRST_DATE}`] : [];
}

function hardware({ hardware, gpu_stats = {} }: Submission, gpu: CatalogGpu): string[] {
  const { gpu_memory_mib } = hardware;
  const installed = gpu.memory_gib * 1024;
  const faults: string[] = [];
  if (isNumber(gpu_memory_mib) && Math.abs(gpu_memory_mib / installed - 1) > 0.05) {
    faults.push(`hardware.gpu_memory_mib: it is ${gpu_memory_mib}, a ${gpu.name} has ${installed}`);
  }
  if (more(gpu_stats.max_memory_used_mib, installed * 1.02 * (hardware.gpu_count ?? 1))) {
    faults.push(
      `gpu_stats.max_memory_used_mib: it is ${gpu_stats.max_memory_used_mib}, a ${gpu.name} has ${installed}`,
    );
  }
  return faults;
}

/**
 * Every token of a request needs every active weight once: tokens/s ≤ bandwidth of all GPUs / bytes of the active weights. Requests
 * in flight may share what is read, so that all together are at most so many times as fast.
 */
function tooFast({ hardware, model, ...told }: Submission, known: Known): string[] {
  const { results: { avg_tokens_per_second }, throughput_tokens_per_second, test_config = {} } = told;
  const level = test_config.concurrent_reqs ?? 1;
  const size_gb = model.size_gb ?? known.model?.sizes_gb[model.quantization ?? known.model.quantization];
  if (!isNumber(size_gb)) {
    return [
      "model.size_gb: it is missing, and data/catalog/models.json does not say how large this model is in this quantisation",
    ];
  }
  const active = known.model?.active_parameters ?? known.model?.parameters ?? 1;
  const read_gb = size_gb * (known.model === undefined ? 1 : active / known.model.parameters);
  const bandwidth = known.gpu.memory_bandwidth_gb_s * Math.max(1, hardware.gpu_count ?? 1);
  const most = UNREAD * bandwidth / read_gb;
  const why = `${bandwidth} GB/s of memory bandwidth read ${read_gb.toPrecision(3)} GB of weights at most ${
    most.toFixed(0)
  } times a second; of a mixture of experts, data/catalog/models.json must say active_parameters`;
  if (avg_tokens_per_second > most) {
    return [`results.avg_tokens_per_second: it is ${avg_tokens_per_second}, but ${why}`];
  }
  const throughput = "throughput_tokens_per_second: it is";
  if (more(throughput_tokens_per_second, level * most)) {
    return [`${throughput} ${throughput_tokens_per_second} with ${level} in flight, but ${why}`];
  }
  return more(throughput_tokens_per_second, UNEVEN * level * avg_tokens_per_second)
    ? [
      `${throughput} ${throughput_tokens_per_second}, more than ${UNEVEN} × ${level} requests in flight with ${avg_tokens_per_second} tokens/s each`,
    ]
    : [];
}

function more(value: Number, most: Number): boolean {
  return isNumber(value) && isNumber(most) && value > most;
}

/** Whether two counts differ by more than rounding explains; `slack` in their own unit. */
function differ(one: number, other: number, slack: number): boolean {
  return Math.abs(one - other) > Math.max(slack, ROUNDING * Math.max(one, other));
}

function isNumber(value: Number): value is number {
  return typeof value === "number";
}
