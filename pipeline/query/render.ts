// Answers as tables for a terminal.
import { type Column, renderTable } from "../lib/table.ts";
import type { BenchmarkAnswer, BenchmarkList, Comparison, Recommendations } from "../schema/api.ts";
import type { BenchmarkResult, CostAnalysis } from "../schema/benchmark.ts";
import type { MachineRecord } from "../schema/machine.ts";
import type { ManifestRow } from "../schema/manifest.ts";
import { gpuLabel } from "../schema/gpu_name.ts";
import { levelOf, loadLabel, shortLoad } from "../schema/load.ts";
import { providerTitle } from "../schema/names.ts";
import { shortNumber } from "../schema/short_number.ts";

type Benchmark = BenchmarkResult;

const MODEL: Column<Benchmark> = { title: "model", of: ({ model }) => model.name, least: 16 };
const GPU: Column<Benchmark> = { title: "gpu", of: ({ hardware }) => gpuLabel(hardware) };
const LEVEL: Column<Benchmark> = {
  title: "load",
  of: ({ test_config }) => shortLoad(test_config.arrival, levelOf(test_config)),
  digits: 0,
};
const RATE: Column<Benchmark> = {
  title: "tokens/s",
  of: ({ results }) => results.avg_tokens_per_second,
  digits: 1,
};
const THROUGHPUT: Column<Benchmark> = {
  title: "throughput",
  of: (benchmark) => benchmark.throughput_tokens_per_second,
  digits: 1,
};
const TTFT: Column<Benchmark> = { title: "TTFT ms", of: ({ results }) => results.p50_ttft_ms, digits: 0 };
const PRICE: Column<Benchmark> = {
  title: "$/h at",
  of: ({ price_per_hour, provider }) =>
    price_per_hour === null
      ? providerTitle(provider)
      : `${number(price_per_hour, 2)} ${providerTitle(provider)}`,
};

/** Benchmarks, one a row. */
export function renderList({ benchmarks }: BenchmarkList): string {
  if (benchmarks.length === 0) return "No benchmark matches.\n";
  return withNotes([MODEL, GPU, LEVEL, RATE, TTFT, PRICE], benchmarks, (benchmark) => benchmark);
}

/** The benchmarks of a run, with what each cell of its matrix gave. */
export function renderRun({ benchmarks }: BenchmarkList): string {
  if (benchmarks.length === 0) return "The run has no benchmark.\n";
  return withNotes(
    [MODEL, GPU, LEVEL, RATE, THROUGHPUT, TTFT],
    benchmarks,
    (benchmark) => benchmark,
  );
}

/** The table with a last column of numbers, explained below it: verdicts, random weights, an origin other than measured. */
function withNotes<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  benchmarkOf: (item: T) => Benchmark,
): string {
  const notes = [...new Set(items.flatMap((item) => remarks(benchmarkOf(item))))].sort();
  if (notes.length === 0) return renderTable(columns, items);
  const marks = (item: T) =>
    remarks(benchmarkOf(item)).map((note) => notes.indexOf(note) + 1).sort((one, other) => one - other).join(
      " ",
    );
  const table = renderTable([...columns, { title: "note", of: marks }], items);
  return `${table}${notes.map((note, index) => `${String(index + 1).padStart(3)}  ${note}\n`).join("")}`;
}

/** Each once: several checks may have found the same verdict. */
function remarks({ model, origin, verdicts, test_config: { workload } }: Benchmark): string[] {
  const found = [
    ...(workload === null || workload === "standard" ? [] : [`workload ${workload}`]),
    ...(model.weights === "random" ? ["random weights: decoding speed is real, the text is not"] : []),
    ...(origin === "measured" ? [] : [`${origin}, not measured by the almanac`]),
    ...verdicts.map(({ code, severity }) => `${code.replaceAll("_", " ")} (${severity})`),
  ];
  return [...new Set(found)];
}

/** One benchmark with its cost, a fact a row; what was not measured has none. */
export function renderAnswer({ benchmark, cost_analysis }: BenchmarkAnswer): string {
  const { model, hardware, results, test_config, memory } = benchmark;
  const facts: [string, string | null][] = [
    ["model", model.weights === "random" ? `${model.name} (random weights)` : model.name],
    ["gpu", gpuLabel(hardware)],
    ["provider", joined([providerTitle(benchmark.provider), benchmark.location], ", ")],
    ["runtime", joined([model.runtime, model.runtime_version], " ")],
    ["came from", model.runtime_source],
    ["load", loadLabel(test_config.arrival, levelOf(test_config))],
    ["workload", test_config.workload],
    [
      "tokens/s",
      joined([
        measured(results.avg_tokens_per_second, 1, "average"),
        measured(results.p50_tokens_per_second, 1, "median"),
      ], ", "),
    ],
    ["throughput", measured(benchmark.throughput_tokens_per_second, 1, "tokens/s")],
    [
      "TTFT",
      joined(
        [measured(results.p50_ttft_ms, 0, "ms median"), measured(results.p99_ttft_ms, 0, "ms p99")],
        ", ",
      ),
    ],
    [
      "requests",
      joined([measured(results.total_requests, 0), measured(results.total_errors, 0, "failed")], ", "),
    ],
    [
      "memory",
      memory.needed_gib === null || memory.available_gib === null
        ? null
        : `needs ${number(memory.needed_gib, 1)} of ${number(memory.available_gib, 1)} GiB`,
    ],
    ...costFacts(cost_analysis),
    ...benchmark.verdicts.map((verdict): [string, string] => [
      verdict.severity,
      `${verdict.code}: ${number(verdict.value, 1)} ${verdict.unit} (limit ${number(verdict.limit, 1)})`,
    ]),
    [
      "origin",
      benchmark.origin === "measured" ? null : joined([benchmark.origin, benchmark.provenance.source], ": "),
    ],
    ["id", benchmark.id],
  ];
  return facts.filter(([, value]) => value !== null).map(([name, value]) => `${name.padEnd(15)}${value}\n`)
    .join("");
}

function joined(parts: readonly (string | null)[], separator: string): string | null {
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? null : known.join(separator);
}

function measured(value: number | null, digits: number, unit?: string): string | null {
  return value === null ? null : joined([number(value, digits), unit ?? null], " ");
}

/** All hardware for a model beside the fastest. */
export function renderComparison({ baseline, comparisons }: Comparison): string {
  const rows = [
    {
      result: baseline,
      speedup_factor: 1,
      cost_efficiency: baseline.price_per_hour === null ? null : 1,
      memory_efficiency: null,
    },
    ...comparisons,
  ];
  type Line = Comparison["comparisons"][number];
  const of = (column: Column<Benchmark>): Column<Line> => ({
    ...column,
    of: ({ result }) => column.of(result),
  });
  return withNotes<Line>(
    [
      of(GPU),
      of(RATE),
      { title: "speed", of: (line) => line.speedup_factor, digits: 2 },
      of(PRICE),
      { title: "cost eff.", of: (line) => line.cost_efficiency, digits: 2 },
      { title: "tok/s/GiB", of: (line) => line.memory_efficiency, digits: 2 },
    ],
    rows,
    ({ result }) => result,
  );
}

/** Which GPU to take. */
export function renderRecommendations({ recommendations }: Recommendations): string {
  type Line = Recommendations["recommendations"][number];
  return renderTable<Line>([
    { title: "gpu", of: (line) => line.recommended_gpus.join(", ") },
    { title: "tokens/s", of: (line) => line.expected_tps, digits: 1 },
    { title: "from $/h", of: (line) => line.estimated_cost_per_hour, digits: 2 },
    { title: "min GiB", of: (line) => line.min_vram_gib, digits: 0 },
  ], recommendations) +
    recommendations.map((line) => `${line.recommended_gpus.join(", ")}: ${line.notes}\n`).join("");
}

/** The manifest of a run; below the table why what failed did so. */
export function renderManifest(rows: readonly ManifestRow[]): string {
  const table = renderTable<ManifestRow>([
    { title: "entry", of: (row) => row.entry_id },
    { title: "status", of: statusInWords },
    { title: "tokens/s", of: (row) => row.tokens_per_second, digits: 1 },
  ], rows);
  const reasons = rows.filter((row) => row.failure_reason !== null)
    .map((row) => `${row.entry_id}: ${row.failure_reason}\n`);
  return `${table}${reasons.join("")}`;
}

/** The machines of a run that were rented or borrowed; nothing when there was none but this computer. */
export function renderMachines(machines: readonly MachineRecord[]): string {
  const shown = machines.filter(({ offer }) => offer.provider !== "local");
  if (shown.length === 0) return "";
  return renderTable<MachineRecord>([
    { title: "machine", of: ({ machine_id }) => machine_id.split("-").at(-1) ?? "", least: 3 },
    { title: "lease", of: ({ lease_id }) => lease_id },
    { title: "provider's id", of: ({ provider_id }) => provider_id },
    { title: "state", of: ({ state }) => state, least: 11 },
    { title: "ended", of: ({ end }) => end?.code ?? null },
    { title: "$/h", of: ({ offer }) => offer.price_per_hour, digits: 3 },
  ], shown);
}

/** `running: load`, `failed at setup`, `success`. */
function statusInWords({ status, stage, failure_stage }: ManifestRow): string {
  if (failure_stage !== null) return `${status} at ${failure_stage}`;
  return status === "running" ? `${status}: ${stage}` : status;
}

function costFacts(cost: CostAnalysis): [string, string][] {
  if (cost.cost_per_hour === null) return [["cost", "no price is known"]];
  return [
    [
      "price",
      `$${number(cost.cost_per_hour, 2)} an hour, $${number(cost.estimated_monthly_24x7, 2)} a month`,
    ],
    ["tokens per $", cost.tokens_per_dollar === null ? "–" : shortNumber(cost.tokens_per_dollar)],
    ["$ per million", number(cost.cost_per_million_tokens, 3)],
  ];
}

function number(value: number | null, digits: number): string {
  if (value === null) return "–";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
