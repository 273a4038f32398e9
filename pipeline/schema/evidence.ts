// PURE. Reads the lines of a raw directory: which are usable, and why the others are not.
import type { z } from "zod";
import { ChunkLine } from "./chunk.ts";
import { LOST, NO_VALUE } from "./driver_words.ts";
import { GpuSample, HEADERLESS_COLUMNS } from "./gpu_sample.ts";
import { check } from "./parse.ts";
import { CUT_OFF } from "./provenance.ts";
import { RequestLine } from "./request.ts";
import { isPlain } from "./plain_text.ts";
import { ServerLine } from "./server_line.ts";
import { strictJson } from "./strict_json.ts";
import { shortText } from "./text.ts";

/** What a line is: usable, empty, or unusable for a reason. */
export type Reading<T> = { readonly value: T } | { readonly reason: string } | null;

/** What the database too takes for an empty line. */
const BLANK = /^[ \t\r]*$/;

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
  if (BLANK.test(line)) return null;
  const read = strictJson(line);
  if ("reason" in read) {
    if (line.includes("\r")) return { reason: `${read.reason}: it holds line ends of CR alone` };
    return complete ? read : { reason: CUT_OFF };
  }
  const checked = check(schema, read.value);
  return "value" in checked ? checked : { reason: checked.faults.join("; ") };
}

/** A column of gpu.csv by our name; `_` is one the almanac does not use. */
export type GpuColumn = keyof GpuSample | "_";

export interface GpuHeader {
  readonly columns: GpuColumn[];
  /** 1 when the first line is a header, 0 when it already holds values. */
  readonly header_lines: 0 | 1;
}

/** Names of nvidia-smi and of common scripts, without units, for our columns. */
const ALIASES: Readonly<Record<string, GpuColumn>> = {
  ts: "timestamp",
  time: "timestamp",
  datetime: "timestamp",
  date: "timestamp",
  t: "timestamp",
  index: "gpu_index",
  gpu: "gpu_index",
  uuid: "gpu_uuid",
  "utilization.gpu": "utilization_pct",
  utilization: "utilization_pct",
  util: "utilization_pct",
  gpu_util: "utilization_pct",
  gpu_utilization: "utilization_pct",
  "memory.used": "memory_used_mib",
  memory_used: "memory_used_mib",
  mem_used: "memory_used_mib",
  vram_used: "memory_used_mib",
  "memory.total": "memory_total_mib",
  memory_total: "memory_total_mib",
  mem_total: "memory_total_mib",
  vram_total: "memory_total_mib",
  "temperature.gpu": "temperature_c",
  temperature: "temperature_c",
  temp: "temperature_c",
  gpu_temp: "temperature_c",
  "power.draw": "power_w",
  "power.draw.instant": "power_w",
  power: "power_w",
  power_draw: "power_w",
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

/** The columns of a gpu.csv, told by its first line: a header names the time and no cell of it is a value. */
export function readGpuHeader(firstLine: string): GpuHeader {
  const cells = firstLine.split(",").map((cell) => withoutUnit(cell.trim()).toLowerCase());
  const named = cells.map((cell) => cell in GpuSample.shape ? cell as keyof GpuSample : ALIASES[cell] ?? "_");
  if (!named.includes("timestamp")) {
    const unused: GpuColumn[] = Array(Math.max(0, cells.length - HEADERLESS_COLUMNS.length)).fill("_");
    return { columns: [...HEADERLESS_COLUMNS, ...unused], header_lines: 0 };
  }
  const columns = named.map((column, index) => named.indexOf(column) === index ? column : "_");
  return { columns, header_lines: 1 };
}

/** `power.draw [W]` is power.draw. */
function withoutUnit(name: string): string {
  const unit = name.search(/[[(]/);
  return unit > 0 && /[\])]$/.test(name) ? name.slice(0, unit).trimEnd() : name;
}

const TEXT_COLUMNS: readonly GpuColumn[] = [
  "timestamp",
  "gpu_uuid",
  "throttle_reasons",
  "performance_state",
  "_",
];
const NOTHING = new RegExp(`^(${NO_VALUE}|${LOST})?$`, "i");
/** Counters of microseconds run for years. */
const NUMBER = /^\d{1,16}(\.\d{1,20})?( ?(%|MiB|W|C|MHz|us))?$/;
const DATE = /^\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):?[0-5]\d)?$/;
const EPOCH = /^\d{9,13}(\.\d{1,9})?$/;

/** Why a line of gpu.csv below its header cannot be used; null when it can, or is empty. */
export function gpuLineFault(line: string, columns: readonly GpuColumn[]): string | null {
  if (BLANK.test(line)) return null;
  if (line.includes("\r")) return "it holds a line end of CR alone";
  const cells = line.split(",").map((cell) => cell.trim());
  if (cells.length !== columns.length) return `it has ${cells.length} columns instead of ${columns.length}`;
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? "";
    if (!isUsable(cell, column)) return `its ${column} is ${JSON.stringify(shortText(cell, 60))}`;
  }
  return null;
}

/** The largest numbers of two, four and eight bytes, which drivers and their programs print for a sensor that is not there. */
const NO_NUMBERS = /^(65535|4294967295|18446744073709551615)(\.0+)?( |$)/;

/** What no GPU exceeds, by the unit that a column ends with. */
const MOST: Readonly<Record<string, number>> = { pct: 100, c: 250, w: 10_000, mib: 2 ** 22, mhz: 20_000 };

function isUsable(cell: string, column: GpuColumn): boolean {
  if (column === "timestamp") return EPOCH.test(cell) || DATE.test(cell) && isDate(cell);
  if (TEXT_COLUMNS.includes(column)) return isPlain(cell);
  if (NO_NUMBERS.test(cell)) return true;
  if (NUMBER.test(cell)) return parseFloat(cell) <= (MOST[column.split("_").at(-1) ?? ""] ?? Infinity);
  return saysNothing(cell);
}

/** Whether such a day and time exist. */
function isDate(cell: string): boolean {
  const [date = "", time = ""] = cell.split(/[ T]/);
  const day = new Date(`${date.replaceAll("/", "-")}T${time.slice(0, 8)}Z`);
  return !Number.isNaN(day.getTime()) && day.getUTCDate() === Number(date.slice(8));
}

/** Words stand where a driver has no value: those that are known, and any that begin as its words do. What has digits is another column's. */
function saysNothing(cell: string): boolean {
  if (/\d/.test(cell)) return /^\[[^\]]*\]$/.test(cell);
  return isPlain(cell) && (/^[A-Z[]/.test(cell) || NOTHING.test(cell));
}
