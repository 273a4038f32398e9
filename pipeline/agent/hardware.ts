// What machine this is, asked of the driver and the operating system. A machine without a GPU says so with 0 and null.
import { createHash } from "node:crypto";
import os from "node:os";
import type { HardwareMeta } from "../schema/metadata.ts";
import { amdSmi, readAmdStatic } from "./amd_smi.ts";
import { migProfiles, nvidiaSmi } from "./nvidia_smi.ts";
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

/** A GPU whose driver fails is not known; 0 GPUs is said only where no program knows of one. */
async function probeGpus(): Promise<HardwareMeta> {
  const answer = await nvidiaSmi([
    "--query-gpu=name,memory.total,driver_version,uuid",
    "--format=csv,noheader,nounits",
  ]);
  if (answer !== null) return "text" in answer ? await nvidiaGpus(answer.text) : UNKNOWN_HARDWARE;
  const amd = await amdSmi(["static", "--json"]);
  if (amd !== null) return "text" in amd ? readAmdStatic(amd.text) ?? NO_GPU : UNKNOWN_HARDWARE;
  if (Deno.build.os !== "darwin") return NO_GPU;
  const apple = await ask("system_profiler", ["SPDisplaysDataType", "-json"]);
  return apple !== null && "text" in apple ? readApple(apple.text) : UNKNOWN_HARDWARE;
}

async function nvidiaGpus(rows: string): Promise<HardwareMeta> {
  const gpus = rows.trim().split("\n").map((row) => row.split(",").map((cell) => cell.trim()));
  const [name, memory, driver] = gpus[0] ?? [];
  if (name === undefined || name === "") return NO_GPU;
  const banner = await nvidiaSmi([]);
  const list = await nvidiaSmi(["-L"]);
  const mig = migProfiles(textOf(list));
  return {
    ...(mig.length === 0 ? wholeGpus(name, Number(memory), gpus.length) : slicesOf(name, mig)),
    gpu_uuids: gpus.map((gpu) => gpu[3] ?? ""),
    driver_version: driver ?? null,
    cuda_version: /CUDA Version:\s*([\d.]+)/.exec(textOf(banner))?.[1] ?? null,
  };
}

function wholeGpus(gpu_name: string, memory: number, gpu_count: number): HardwareMeta {
  return { gpu_name, gpu_memory_mib: memory || null, gpu_count };
}

/** MIG devices are another thing than the GPU they are cut from, and the driver tells the memory of the whole one. */
function slicesOf(name: string, mig: readonly string[]): HardwareMeta {
  return {
    gpu_name: `${name} MIG ${mig[0]}`,
    gpu_memory_mib: null,
    gpu_count: mig.length,
    mig_profiles: [...mig],
  };
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
