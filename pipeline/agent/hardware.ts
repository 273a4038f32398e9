// What machine this is, asked of the driver and the operating system. A machine without a GPU says so with 0 and null.
import { createHash } from "node:crypto";
import os from "node:os";
import type { HardwareMeta } from "../schema/metadata.ts";
import { amdSmi, readAmdStatic } from "./amd_smi.ts";
import { codeIn, isWarning, nameIn } from "./driver_words.ts";
import { type Gpu, MOST_GPUS, named } from "./gpu_names.ts";
import { nvidiaSmi, readGpuList } from "./nvidia_smi.ts";
import { type Answer, ask } from "./program.ts";

/** What is known of a machine that the agent does not run on. */
export const UNKNOWN_HARDWARE: HardwareMeta = {
  gpu_name: null,
  gpu_memory_mib: null,
  gpu_count: null,
  driver_version: null,
  cuda_version: null,
  cpu_model: null,
  cpu_cores: null,
  ram_gib: null,
};

/** The machine that the agent runs on. */
export async function probeHardware(): Promise<HardwareMeta> {
  const cpus = os.cpus();
  return {
    ...await probeGpus(),
    cpu_model: cpus[0]?.model.trim() || os.arch(),
    cpu_cores: cpus.length,
    ram_gib: Math.round(os.totalmem() / 2 ** 30 * 10) / 10,
  };
}

/** The same on every run on this machine, and says nothing about it. */
export async function hostId(): Promise<string> {
  const machine = await Deno.readTextFile("/etc/machine-id").catch(() => os.hostname());
  return createHash("sha256").update(`gpu-almanac ${machine.trim()}`).digest("hex").slice(0, 16);
}

const NO_GPU: HardwareMeta = {
  gpu_name: null,
  gpu_memory_mib: null,
  gpu_count: 0,
  driver_version: null,
  cuda_version: null,
};

/** A GPU whose driver fails is not known; 0 GPUs is said only where no program knows of one, and none fails. */
async function probeGpus(): Promise<HardwareMeta> {
  const nvidia = await nvidiaSmi([
    "--query-gpu=name,memory.total,driver_version,uuid",
    "--format=csv,noheader,nounits",
  ]);
  if (nvidia !== null && "text" in nvidia) return await nvidiaGpus(nvidia.text);
  const amd = await amdGpus();
  if (amd !== null && (nvidia === null || amd.gpu_count !== 0)) return amd;
  if (nvidia !== null) return UNKNOWN_HARDWARE;
  if (Deno.build.os !== "darwin") return NO_GPU;
  const apple = await ask("system_profiler", ["SPDisplaysDataType", "-json"]);
  return apple !== null && "text" in apple ? readApple(apple.text) : UNKNOWN_HARDWARE;
}

/** Null on a machine without AMD's program. */
async function amdGpus(): Promise<HardwareMeta | null> {
  const answer = await amdSmi(["static", "--json"]);
  if (answer === null) return null;
  return "text" in answer ? readAmdStatic(answer.text) ?? UNKNOWN_HARDWARE : UNKNOWN_HARDWARE;
}

async function nvidiaGpus(rows: string): Promise<HardwareMeta> {
  if (rows.trim() === "") return NO_GPU;
  const gpus = rows.split("\n").filter((row) => !isWarning(row)).map(gpuCells).filter((cells) =>
    cells !== null
  )
    .slice(0, MOST_GPUS);
  if (gpus.length === 0) return UNKNOWN_HARDWARE;
  const banner = await nvidiaSmi([]);
  const listed = readGpuList(textOf(await nvidiaSmi(["-L"])));
  const slices = gpus.map(([, , , uuid], index) =>
    (listed.find((each) => each.uuid === uuid) ?? listed[index])?.mig ?? []
  );
  return {
    ...named(gpus.flatMap((cells, index) => devicesOf(cells, slices[index] ?? []))),
    ...(slices.flat().length === 0 ? {} : { mig_profiles: slices.flat() }),
    gpu_uuids: gpus.map(([, , , uuid]) => codeIn(uuid) ?? ""),
    driver_version: codeIn(gpus[0]?.[2]),
    cuda_version: /CUDA Version:\s*([\d.]+)/.exec(textOf(banner))?.[1] ?? null,
  };
}

/** Name, which may hold commas, memory, driver and id. */
function gpuCells(row: string): string[] | null {
  const cells = row.split(",").map((cell) => cell.trim());
  return cells.length < 4 ? null : [cells.slice(0, -3).join(", "), ...cells.slice(-3)];
}

/** A GPU, or the MIG devices it is cut into: another thing than the GPU, and the driver tells the memory of the whole one. */
function devicesOf([cell, memory]: readonly string[], mig: readonly string[]): Gpu[] {
  const name = nameIn(cell);
  if (mig.length === 0) return [{ name, memory_mib: Number(memory) || null }];
  return mig.map((profile) => ({ name: `${name ?? "unknown GPU"} MIG ${profile}`, memory_mib: null }));
}

function textOf(answer: Answer): string {
  return answer !== null && "text" in answer ? answer.text : "";
}

/** The GPU of `system_profiler SPDisplaysDataType -json`. Apple's shares the main memory: it has none of its own. Pure. */
export function readApple(text: string): HardwareMeta {
  try {
    const gpus: { sppci_model?: string; sppci_cores?: string }[] = JSON.parse(text).SPDisplaysDataType ?? [];
    const gpu = gpus.find(({ sppci_model }) => sppci_model?.startsWith("Apple"));
    if (gpu === undefined) return UNKNOWN_HARDWARE;
    const cores = gpu.sppci_cores === undefined ? "" : ` (${gpu.sppci_cores}-core GPU)`;
    return { ...NO_GPU, gpu_name: `${gpu.sppci_model}${cores}`, gpu_count: 1 };
  } catch {
    return UNKNOWN_HARDWARE;
  }
}
