// nvidia-smi as a source of telemetry: its own lines, verbatim, under our column names.
import type { GpuSample } from "../schema/gpu_sample.ts";
import type { GpuProcess } from "../schema/metadata.ts";
import { cutText } from "../schema/text.ts";
import { codeIn, isComplaint } from "./driver_words.ts";
import type { GpuSource, Identity, Printed } from "./gpu_source.ts";
import { type Answer, ask } from "./program.ts";

type Column = keyof GpuSample;

/** Our column → nvidia-smi's field; where drivers differ, the first that this driver knows. The specification's columns first. */
const COLUMNS: readonly (readonly [column: Column, ...fields: string[]])[] = [
  ["timestamp", "timestamp"],
  ["utilization_pct", "utilization.gpu"],
  ["memory_used_mib", "memory.used"],
  ["memory_total_mib", "memory.total"],
  ["temperature_c", "temperature.gpu"],
  ["power_w", "power.draw.instant", "power.draw"],
  ["gpu_index", "index"],
  ["gpu_uuid", "uuid"],
  ["memory_utilization_pct", "utilization.memory"],
  ["memory_temperature_c", "temperature.memory"],
  ["power_average_w", "power.draw.average"],
  ["power_limit_w", "enforced.power.limit", "power.limit"],
  ["power_default_limit_w", "power.default_limit"],
  ["sm_clock_mhz", "clocks.current.sm", "clocks.sm"],
  ["memory_clock_mhz", "clocks.current.memory", "clocks.mem"],
  ["performance_state", "pstate"],
  ["pcie_generation", "pcie.link.gen.current"],
  ["pcie_width", "pcie.link.width.current"],
  ["throttle_reasons", "clocks_event_reasons.active", "clocks_throttle_reasons.active"],
  ["sw_power_cap_us", "clocks_event_reasons_counters.sw_power_cap"],
  ["sw_thermal_slowdown_us", "clocks_event_reasons_counters.sw_thermal_slowdown"],
  ["hw_thermal_slowdown_us", "clocks_event_reasons_counters.hw_thermal_slowdown"],
  ["hw_power_brake_us", "clocks_event_reasons_counters.hw_power_brake_slowdown"],
];
const FORMAT = "--format=csv,noheader,nounits";
const INTERVAL_MS = 200;
const MOST_PROCESSES = 1000;
const MOST_CHARACTERS = 200;
const NO_GPU = /No devices were found/;
const NOT_A_FIELD = /Field "(.+?)" is not a valid field to query/;

/** What nvidia-smi says; null also where it finds no GPU. */
export async function nvidiaSmi(args: readonly string[]): Promise<Answer> {
  const answer = await ask("nvidia-smi", args);
  return answer !== null && "failure" in answer && NO_GPU.test(answer.failure) ? null : answer;
}

/** nvidia-smi with the fields that this machine's driver knows; its failure; null on a machine without an NVIDIA GPU. */
export async function nvidiaSource(): Promise<GpuSource | { failure: string } | null> {
  const help = await nvidiaSmi(["--help-query-gpu"]);
  if (help === null || "failure" in help) return help;
  const refused: string[] = [];
  while (true) {
    const { columns, fields } = queryFor(help.text, refused);
    const tried = await nvidiaSmi(onceArgs(fields));
    if (tried === null) return null;
    if ("text" in tried) return source(columns, fields);
    const [, field] = NOT_A_FIELD.exec(tried.failure) ?? [];
    if (field === undefined || !fields.includes(field)) return tried;
    refused.push(field);
  }
}

/** The columns and fields that a driver offers, given the text of `nvidia-smi --help-query-gpu`, without those it `refused`. Pure. */
export function queryFor(
  help: string,
  refused: readonly string[] = [],
): { columns: Column[]; fields: string[] } {
  const known = (field: string) =>
    !refused.includes(field) && (field === "timestamp" || help.includes(`"${field}"`));
  const pairs = COLUMNS.flatMap(([column, ...candidates]) => {
    const field = candidates.find(known);
    return field === undefined ? [] : [{ column, field }];
  });
  return { columns: pairs.map(({ column }) => column), fields: pairs.map(({ field }) => field) };
}

/** A row has as many cells as there are columns; anything else is a sentence, or cannot be read. Pure. */
export function readNvidiaLine(line: string, columns: number): Printed {
  if (line.trim() === "") return null;
  if (line.split(",").length === columns) return { row: line };
  return isComplaint(line) ? { said: line.trim() } : { unread: line };
}

/** The lines of --query-compute-apps=pid,process_name,used_gpu_memory,gpu_uuid. Pure. */
export function readProcesses(text: string): GpuProcess[] {
  return text.split("\n").slice(0, MOST_PROCESSES).flatMap((line) => {
    const cells = line.split(",").map((cell) => cell.trim());
    const [pid, memory, uuid] = [cells[0], cells.at(-2), cells.at(-1)];
    if (cells.length < 4 || pid === undefined || memory === undefined || uuid === undefined) return [];
    const name = cutText(cells.slice(1, -2).join(", "), MOST_CHARACTERS);
    return [{ pid: number(pid), name, used_memory_mib: number(memory), gpu_uuid: uuid }];
  });
}

/** A GPU that `nvidia-smi -L` lists, with the profiles of its MIG devices, such as `1g.10gb`. */
export interface ListedGpu {
  readonly uuid: string;
  readonly mig: string[];
}

/** The GPUs of `nvidia-smi -L`. Pure. */
export function readGpuList(list: string): ListedGpu[] {
  const gpus: ListedGpu[] = [];
  for (const line of list.split("\n")) {
    const [, uuid] = /^GPU \d+: .*\(UUID: (\S+)\)/.exec(line) ?? [];
    if (uuid !== undefined) gpus.push({ uuid, mig: [] });
    const [, profile] = /^\s+MIG (\S+)\s+Device/.exec(line) ?? [];
    if (profile !== undefined) gpus.at(-1)?.mig.push(profile);
  }
  return gpus;
}

function source(columns: Column[], fields: string[]): GpuSource {
  return {
    program: "nvidia-smi",
    interval_ms: INTERVAL_MS,
    columns,
    sampling: [...onceArgs(fields), "-lms", String(INTERVAL_MS)],
    once: onceArgs(fields),
    reader: () => (line) => readNvidiaLine(line, columns.length),
    identify,
  };
}

function onceArgs(fields: readonly string[]): string[] {
  return [`--query-gpu=${fields.join(",")}`, FORMAT];
}

async function identify(): Promise<Identity> {
  const driver = await nvidiaSmi(["--query-gpu=driver_version", FORMAT]);
  const processes = await nvidiaSmi([
    "--query-compute-apps=pid,process_name,used_gpu_memory,gpu_uuid",
    FORMAT,
  ]);
  return {
    driver_version: driver !== null && "text" in driver ? versionIn(driver.text) : null,
    processes: processes !== null && "text" in processes ? readProcesses(processes.text) : null,
    failure: driver !== null && "failure" in driver ? driver.failure : null,
  };
}

/** The driver's version, one word on a line of its own. */
function versionIn(text: string): string | null {
  return codeIn(text.split("\n").map((line) => line.trim()).find((line) => /^\S*\d\S*$/.test(line)));
}

function number(cell: string): number | null {
  return /^\d+$/.test(cell) ? Number(cell) : null;
}
