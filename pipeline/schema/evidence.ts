// PURE. Reads the lines of a raw directory: which are usable, and why the others are not.
import type { z } from "zod";
import { ChunkLine } from "./chunk.ts";
import { GpuSample, HEADERLESS_COLUMNS } from "./gpu_sample.ts";
import { check } from "./parse.ts";
import { RequestLine } from "./request.ts";
import { ServerLine } from "./server_line.ts";

/** What a line is: usable, empty, or unusable for a reason. */
export type Reading<T> = { readonly value: T } | { readonly reason: string } | null;

/** Reads one line of results.jsonl. `complete` is false for a last line without a line break. */
export function readRequestLine(line: string, complete: boolean): Reading<RequestLine> {
  return readJsonLine(RequestLine, line, complete);
}

/** Reads one line of chunks.jsonl. */
export function readChunkLine(line: string, complete: boolean): Reading<ChunkLine> {
  return readJsonLine(ChunkLine, line, complete);
}

/** Reads one line of server.jsonl. */
export function readServerLine(line: string, complete: boolean): Reading<ServerLine> {
  return readJsonLine(ServerLine, line, complete);
}

function readJsonLine<T>(schema: z.ZodType<T>, line: string, complete: boolean): Reading<T> {
  if (line.trim() === "") return null;
  let object: unknown;
  try {
    object = JSON.parse(line);
  } catch {
    return { reason: complete ? "it is not JSON" : "it was cut off before its end" };
  }
  const checked = check(schema, object);
  return "value" in checked ? checked : { reason: checked.faults.join("; ") };
}

/** Whether a request counts as failed: `err` is true, 1 or a text. */
export function isFailed(line: Pick<RequestLine, "err" | "error_class">): boolean {
  const told = line.err !== undefined && line.err !== null && line.err !== false && line.err !== 0 &&
    line.err !== "";
  return told || (line.error_class ?? null) !== null;
}

/** A column of gpu.csv by our name; `_` is one the almanac does not use. */
export type GpuColumn = keyof GpuSample | "_";

export interface GpuHeader {
  readonly columns: GpuColumn[];
  /** 1 when the first line is a header, 0 when it already holds values. */
  readonly header_lines: 0 | 1;
}

/** nvidia-smi's names, without units, for our columns. */
const ALIASES: Readonly<Record<string, GpuColumn>> = {
  index: "gpu_index",
  gpu: "gpu_index",
  uuid: "gpu_uuid",
  "utilization.gpu": "utilization_pct",
  utilization: "utilization_pct",
  "memory.used": "memory_used_mib",
  memory_used: "memory_used_mib",
  "memory.total": "memory_total_mib",
  memory_total: "memory_total_mib",
  "temperature.gpu": "temperature_c",
  temperature: "temperature_c",
  "power.draw": "power_w",
  "power.draw.instant": "power_w",
  power: "power_w",
  "enforced.power.limit": "power_limit_w",
  "power.limit": "power_limit_w",
  "clocks.current.sm": "sm_clock_mhz",
  "clocks.sm": "sm_clock_mhz",
  "utilization.memory": "memory_utilization_pct",
  "temperature.memory": "memory_temperature_c",
  "power.draw.average": "power_average_w",
  "power.default_limit": "power_default_limit_w",
  "clocks.current.memory": "memory_clock_mhz",
  "clocks.mem": "memory_clock_mhz",
  pstate: "performance_state",
  "pcie.link.gen.current": "pcie_generation",
  "pcie.link.width.current": "pcie_width",
  "clocks_event_reasons_counters.sw_power_cap": "sw_power_cap_us",
  "clocks_event_reasons_counters.sw_thermal_slowdown": "sw_thermal_slowdown_us",
  "clocks_event_reasons_counters.hw_thermal_slowdown": "hw_thermal_slowdown_us",
  "clocks_event_reasons_counters.hw_power_brake_slowdown": "hw_power_brake_us",
  "clocks_event_reasons.active": "throttle_reasons",
  "clocks_throttle_reasons.active": "throttle_reasons",
};

/** The columns of a gpu.csv, told by its first line. */
export function readGpuHeader(firstLine: string): GpuHeader {
  const cells = firstLine.split(",").map((cell) => cell.trim().replace(/\s*\[.*\]$/, "").toLowerCase());
  if (!cells.includes("timestamp")) {
    const unused: GpuColumn[] = Array(Math.max(0, cells.length - HEADERLESS_COLUMNS.length)).fill("_");
    return { columns: [...HEADERLESS_COLUMNS, ...unused], header_lines: 0 };
  }
  const taken = new Set<GpuColumn>();
  const columns = cells.map((cell): GpuColumn => {
    const column = cell in GpuSample.shape ? cell as keyof GpuSample : ALIASES[cell] ?? "_";
    if (taken.has(column)) return "_";
    taken.add(column);
    return column;
  });
  return { columns, header_lines: 1 };
}

const TEXT_COLUMNS: readonly GpuColumn[] = [
  "timestamp",
  "gpu_uuid",
  "throttle_reasons",
  "performance_state",
  "_",
];
/** What drivers print for "I do not know": null, never 0. */
export const NOT_KNOWN = [
  "",
  "N/A",
  "[N/A]",
  "[Not Supported]",
  "[Unknown Error]",
  "[Insufficient Permissions]",
  "[Requested functionality has been deprecated]",
  "ERR!",
];
/** What a driver prints in every cell of a GPU that it has lost: null too, and the run means nothing. */
export const LOST = ["[GPU is lost]", "[GPU requires reset]"];
const NUMBER = /^-?\d+(\.\d+)?( ?(%|MiB|W|C|MHz|us))?$/;
const TIMESTAMP = /^(\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?|\d{9,13}(\.\d+)?)$/;

/** Why a line of gpu.csv below its header cannot be used; null when it can, or is empty. */
export function gpuLineFault(line: string, columns: readonly GpuColumn[]): string | null {
  if (line.trim() === "") return null;
  const cells = line.split(",").map((cell) => cell.trim());
  if (cells.length !== columns.length) return `it has ${cells.length} columns instead of ${columns.length}`;
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? "";
    if (column === "timestamp" && !TIMESTAMP.test(cell)) return `its timestamp is "${cell}"`;
    if (TEXT_COLUMNS.includes(column) || [...NOT_KNOWN, ...LOST].includes(cell)) continue;
    if (!NUMBER.test(cell)) return `its ${column} is "${cell}"`;
  }
  return null;
}
