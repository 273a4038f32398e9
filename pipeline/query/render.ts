// Answers as tables for a terminal.
import { type Column, renderTable } from "../lib/table.ts";
import type { BenchmarkAnswer, BenchmarkList, Comparison, Recommendations } from "../schema/api.ts";
import { compared } from "../schema/compared.ts";
import type { BenchmarkResult, CostAnalysis } from "../schema/benchmark.ts";
import type { MachineRecord } from "../schema/machine.ts";
import type { ManifestRow } from "../schema/manifest.ts";
import { gpuLabel } from "../schema/gpu_name.ts";
import { levelOf, loadLabel } from "../schema/load.ts";
import { providerTitle } from "../schema/names.ts";
import { shortNumber } from "../schema/short_number.ts";
import {
  columnOf,
  ENGINE,
  GPU,
  gpuColumn,
  LOAD,
  MODEL,
  PER_DOLLAR,
  perDollarColumn,
  PRICE,
  priceColumn,
  PROVIDER,
  providerColumn,
  RATE,
  THROUGHPUT,
  TTFT,
  USER,
} from "./columns.ts";

type Benchmark = BenchmarkResult;

const LIST = [MODEL, GPU, PROVIDER, PRICE, LOAD, RATE, PER_DOLLAR, THROUGHPUT, USER, TTFT, ENGINE];

/** Benchmarks, one a row. */
export function renderList({ benchmarks }: BenchmarkList, width?: number): string {
  return benchmarks.length === 0 ? "No benchmark matches.\n" : withNotes(LIST, benchmarks, itself, width);
}

/** The benchmarks of a run, with what each cell of its matrix gave. */
export function renderRun({ benchmarks }: BenchmarkList, width?: number): string {
  return benchmarks.length === 0 ? "The run has no benchmark.\n" : withNotes(LIST, benchmarks, itself, width);
}

function itself(benchmark: Benchmark): Benchmark {
  return benchmark;
}

/** The table with a last column of marks, explained below it: verdicts, random weights, an origin other than measured. */
function withNotes<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  benchmarkOf: (item: T) => Benchmark,
  width?: number,
): string {
  const notes = [...new Set(items.flatMap((item) => remarks(benchmarkOf(item))))].sort();
  if (notes.length === 0) return renderTable(columns, items, width);
  const [names, gap] = notes.length <= LETTERS.length
    ? [[...LETTERS], ""]
    : [notes.map((_, index) => String(index + 1)), " "];
  const marks = (item: T) => {
    const own = remarks(benchmarkOf(item));
    return names.filter((_, index) => own.includes(notes[index] ?? "")).join(gap);
  };
  const note: Column<T> = { title: "note", short: "", of: marks, least: Infinity, kept: true };
  const table = renderTable([...columns, note], items, width);
  return `${table}${notes.map((text, index) => `${names[index]?.padStart(3)}  ${text}\n`).join("")}`;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Each once: several checks may have found the same verdict. */
function remarks({ market, model, origin, verdicts, test_config: { workload } }: Benchmark): string[] {
  const found = [
    ...(workload === null || workload === "standard" ? [] : [`workload ${workload}`]),
    ...(model.weights === "random" ? ["random weights: decoding speed is real, the text is not"] : []),
    ...(market === "interruptible" ? ["interruptible: the machine may be taken away"] : []),
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
    ["market", benchmark.market === "interruptible" ? "interruptible: may be taken away" : null],
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
export function renderComparison(comparison: Comparison, width?: number): string {
  type Line = Comparison["comparisons"][number];
  const resultOf = ({ result }: Line) => result;
  return withNotes<Line>(
    [
      ...[GPU, { ...PROVIDER, spare: 0 }, PRICE, RATE, PER_DOLLAR].map((column) =>
        columnOf(column, resultOf)
      ),
      { title: "speed", of: (line) => line.speedup_factor, digits: 2 },
      { title: "cost eff.", short: "cost", of: (line) => line.cost_efficiency, digits: 2, spare: 5 },
      { title: "memory eff.", short: "mem.", of: (line) => line.memory_efficiency, digits: 2, spare: 6 },
      ...[THROUGHPUT, TTFT, ENGINE].map((column) => columnOf(column, resultOf)),
    ],
    compared(comparison),
    resultOf,
    width,
  );
}

/** Which GPU to take. */
export function renderRecommendations({ recommendations }: Recommendations, width?: number): string {
  type Line = Recommendations["recommendations"][number];
  const table = renderTable<Line>(
    [
      gpuColumn((line) => line),
      providerColumn(({ provider }) => provider),
      { ...priceColumn((line) => line.estimated_cost_per_hour), spare: 1 },
      { title: "tokens/s", short: "tok/s", of: (line) => line.expected_tps, digits: 1 },
      perDollarColumn((line) => line.tokens_per_dollar),
      { title: "min GiB", of: (line) => line.min_vram_gib, digits: 0, spare: 2 },
      { title: "results", of: (line) => line.benchmarks, digits: 0, spare: 3 },
    ],
    recommendations,
    width,
  );
  const notes = recommendations.map((line) =>
    `${gpuLabel(line)} at ${providerTitle(line.provider)}: ${line.notes}\n`
  );
  return `${table}${notes.join("")}`;
}

/** The manifest of a run; below the table why what failed did so. */
export function renderManifest(rows: readonly ManifestRow[], width?: number): string {
  const table = renderTable<ManifestRow>(
    [
      { title: "entry", of: (row) => row.entry_id },
      { title: "status", of: statusInWords },
      { title: "tokens/s", of: (row) => row.tokens_per_second, digits: 1 },
    ],
    rows,
    width,
  );
  const reasons = rows.filter((row) => row.failure_reason !== null)
    .map((row) => `${row.entry_id}: ${row.failure_reason}\n`);
  return `${table}${reasons.join("")}`;
}

/** The machines of a run that were rented or borrowed; nothing when there was none but this computer. */
export function renderMachines(machines: readonly MachineRecord[], width?: number): string {
  const shown = machines.filter(({ offer }) => offer.provider !== "local");
  if (shown.length === 0) return "";
  return renderTable<MachineRecord>(
    [
      { title: "machine", of: ({ machine_id }) => machine_id.split("-").at(-1) ?? "", least: 3 },
      { title: "lease", of: ({ lease_id }) => lease_id },
      { title: "provider's id", of: ({ provider_id }) => provider_id },
      { title: "state", of: ({ state }) => state, least: 11 },
      { title: "ended", of: ({ end }) => end?.code ?? null },
      priceColumn(({ offer }) => offer.price_per_hour),
    ],
    shown,
    width,
  );
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
