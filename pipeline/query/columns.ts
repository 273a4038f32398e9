// The columns of tables of benchmarks. Where the terminal is narrow the GPU and its speed stay longest.
import type { Column } from "../lib/table.ts";
import type { BenchmarkResult } from "../schema/benchmark.ts";
import { gpuLabel } from "../schema/gpu_name.ts";
import { levelOf, shortLoad } from "../schema/load.ts";
import { providerTitle } from "../schema/names.ts";
import { shortNumber } from "../schema/short_number.ts";

type Benchmark = BenchmarkResult;

/** Names of GPUs are whole up to here; those of processors are long, and their first words tell enough. */
const LONGEST_GPU = 24;
const PROCESSOR = 11;

export const MODEL: Column<Benchmark> = { title: "model", of: ({ model }) => model.name, least: 15 };
export const GPU: Column<Benchmark> = {
  ...gpuColumn(({ hardware }) => hardware),
  least: ({ hardware }) => hardware.gpu_count === 0 ? PROCESSOR : LONGEST_GPU,
};
export const PROVIDER: Column<Benchmark> = { ...providerColumn(({ provider }) => provider), spare: 1 };
export const PRICE: Column<Benchmark> = { ...priceColumn(({ price_per_hour }) => price_per_hour), spare: 2 };
export const LOAD: Column<Benchmark> = {
  title: "load",
  short: "c",
  of: ({ test_config }) => shortLoad(test_config.arrival, levelOf(test_config)),
  digits: 0,
  spare: 3,
};
export const RATE: Column<Benchmark> = {
  title: "tokens/s",
  short: "tok/s",
  of: (benchmark) => benchmark.rate_tokens_per_second,
  digits: 1,
};
export const PER_DOLLAR: Column<Benchmark> = {
  ...perDollarColumn(({ tokens_per_dollar }) => tokens_per_dollar),
  spare: 4,
};
export const THROUGHPUT: Column<Benchmark> = {
  title: "throughput",
  of: (benchmark) => benchmark.throughput_tokens_per_second,
  digits: 1,
  spare: 7,
};
export const USER: Column<Benchmark> = {
  title: "per user",
  of: ({ results }) => results.avg_tokens_per_second,
  digits: 1,
  spare: 9,
};
export const TTFT: Column<Benchmark> = {
  title: "TTFT ms",
  of: ({ results }) => results.p50_ttft_ms,
  digits: 0,
  spare: 8,
};
export const ENGINE: Column<Benchmark> = {
  title: "engine",
  of: ({ model: { runtime, runtime_version } }) => [runtime, runtime_version].filter(Boolean).join(" "),
  least: 12,
  spare: 10,
};

/** The same column of items that hold a benchmark. */
export function columnOf<T>(column: Column<Benchmark>, benchmarkOf: (item: T) => Benchmark): Column<T> {
  const { least = 1, of } = column;
  return {
    ...column,
    of: (item) => of(benchmarkOf(item)),
    least: typeof least === "number" ? least : (item) => least(benchmarkOf(item)),
  };
}

/** The GPU of an item and how many of it, whole where it may be. */
export function gpuColumn<T>(of: (item: T) => Parameters<typeof gpuLabel>[0]): Column<T> {
  return { title: "gpu", of: (item) => gpuLabel(of(item)), least: LONGEST_GPU, kept: true };
}

export function providerColumn<T>(of: (item: T) => string): Column<T> {
  return { title: "provider", of: (item) => providerTitle(of(item)), least: 10 };
}

/** US dollars per hour. */
export function priceColumn<T>(of: (item: T) => number | null): Column<T> {
  return { title: "$/h", of, digits: 3 };
}

/** Tokens per dollar as `7.5M`, as numbers people compare are written. */
export function perDollarColumn<T>(of: (item: T) => number | null): Column<T> {
  const shortened = (value: number | null) => value === null ? null : shortNumber(value);
  return { title: "tokens/$", short: "tok/$", of: (item) => shortened(of(item)), digits: 0 };
}
