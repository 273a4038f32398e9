// amd-smi as a source of telemetry. Its columns have changed from release to release, so they are found by their names.
import type { GpuSample } from "../schema/gpu_sample.ts";
import type { HardwareMeta } from "../schema/metadata.ts";
import { csvCells } from "./csv.ts";
import { isComplaint, nameIn } from "./driver_words.ts";
import { MOST_GPUS, named } from "./gpu_names.ts";
import type { GpuSource, Identity, Printed } from "./gpu_source.ts";
import { type Answer, ask } from "./program.ts";

/** Our column → amd-smi's, the first that holds a value. */
const COLUMNS: readonly (readonly [column: keyof GpuSample, ...names: string[]])[] = [
  ["timestamp", "timestamp"],
  ["utilization_pct", "gfx_activity", "gfx"],
  ["memory_used_mib", "used_vram", "vram_used"],
  ["memory_total_mib", "total_vram", "vram_total"],
  ["temperature_c", "hotspot", "edge"],
  ["power_w", "socket_power", "current_socket_power", "average_socket_power"],
  ["gpu_index", "gpu"],
  ["memory_utilization_pct", "umc_activity"],
  ["memory_temperature_c", "mem"],
  ["sm_clock_mhz", "gfx_0_clk", "gfx_clk"],
  ["memory_clock_mhz", "mem_0_clk", "mem_clk"],
];
const SAMPLING = ["metric", "-p", "-c", "-t", "-u", "-m", "-w", "1", "--csv"];
const LISTS_A_GPU = /\bgpu\W*\d/i;
/** Programs print at most a few lines before their JSON. */
const MOST_BEGINNINGS = 10;
type Fields = Record<string, unknown>;

export function amdSmi(args: readonly string[]): Promise<Answer> {
  return ask("amd-smi", args);
}

/** amd-smi, its failure, or null when this machine does not have it, or no GPU that it knows of. */
export async function amdSource(): Promise<GpuSource | { failure: string } | null> {
  const listed = await amdSmi(["list"]);
  if (listed === null || "failure" in listed) return listed;
  if (!LISTS_A_GPU.test(listed.text)) return null;
  return {
    program: "amd-smi",
    interval_ms: 1000,
    columns: COLUMNS.map(([column]) => column),
    sampling: SAMPLING,
    once: [...SAMPLING, "-i", "1"],
    reader: amdReader,
    identify,
  };
}

/** Reads amd-smi's CSV: a line that names the column `gpu` is a header, and may come again. Lists stand in quotes. */
export function amdReader(): (line: string) => Printed {
  let header: string[] = [];
  return (line) => {
    const cells = csvCells(line);
    if (cells.includes("gpu")) {
      header = cells.map((cell) => cell.toLowerCase());
      return null;
    }
    if (line.trim() === "") return null;
    if (cells.length < 2 || cells.length !== header.length) {
      return isComplaint(line) ? { said: line.trim() } : { unread: line };
    }
    const valueOf = (name: string) => cells[header.indexOf(name)];
    const row = COLUMNS.map(([, ...names]) => names.map(valueOf).find(isCell) ?? "N/A");
    return { row: row.join(", ") };
  };
}

/** The GPUs of `amd-smi static --json`, of which there may be none; null where that cannot be read. Pure. */
export function readAmdStatic(text: string): HardwareMeta | null {
  const gpus = listIn(jsonIn(text));
  if (gpus === null) return null;
  const driver = fields(gpus[0]?.driver);
  return {
    ...named(gpus.map((gpu) => ({
      name: told(fields(gpu.asic).market_name) ?? told(fields(gpu.board).product_name),
      memory_mib: Number(fields(fields(gpu.vram).size).value) || null,
    }))),
    gpu_uuids: gpus.map((gpu) => told(fields(gpu.bus).bdf) ?? ""),
    driver_version: told(driver.version) ?? told(driver.driver_version),
    cuda_version: null,
  };
}

async function identify(): Promise<Identity> {
  const answer = await amdSmi(["static", "--json"]);
  if (answer === null) return { driver_version: null, processes: null, failure: null };
  if ("failure" in answer) return { driver_version: null, processes: null, failure: answer.failure };
  return {
    driver_version: readAmdStatic(answer.text)?.driver_version ?? null,
    processes: null,
    failure: null,
  };
}

/** One object a GPU: a list, or since ROCm 7 an object with the list in it. */
function listIn(found: unknown): Fields[] | null {
  const list = Array.isArray(found) ? found : fields(found).gpu_data;
  return Array.isArray(list) ? list.slice(0, MOST_GPUS).map(fields) : null;
}

/** The JSON in what a program printed, warnings before it left out; null of none. */
function jsonIn(text: string): unknown {
  for (const { index } of text.matchAll(/^\s*[[{]/gm).take(MOST_BEGINNINGS)) {
    try {
      return JSON.parse(text.slice(index));
    } catch {
      // Not here: `[WARNING] …` begins so too.
    }
  }
  return null;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}

function told(value: unknown): string | null {
  return typeof value === "string" ? nameIn(value) : null;
}

/** What may stand in a cell of gpu.csv, which has no quotes. */
function isCell(cell: string | undefined): cell is string {
  return cell !== undefined && nameIn(cell) !== null && !/[",]/.test(cell);
}
