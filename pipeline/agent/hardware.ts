// What machine this is, asked of the driver and the operating system. A machine without a GPU says so with 0 and null.
import { createHash } from "node:crypto";
import os from "node:os";
import type { HardwareMeta } from "../schema/metadata.ts";
import { nvidiaSmi } from "./telemetry.ts";

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

async function probeGpus(): Promise<HardwareMeta> {
  const rows = await nvidiaSmi([
    "--query-gpu=name,memory.total,driver_version,uuid",
    "--format=csv,noheader,nounits",
  ]);
  const gpus = rows?.trim().split("\n").map((row) => row.split(",").map((cell) => cell.trim())) ?? [];
  const [name, memory, driver] = gpus[0] ?? [];
  if (name === undefined || name === "") {
    return { gpu_name: null, gpu_memory_mib: null, gpu_count: 0, driver_version: null, cuda_version: null };
  }
  const banner = await nvidiaSmi([]);
  return {
    gpu_name: name,
    gpu_memory_mib: Number(memory) || null,
    gpu_count: gpus.length,
    gpu_uuids: gpus.map((gpu) => gpu[3] ?? ""),
    driver_version: driver ?? null,
    cuda_version: /CUDA Version:\s*([\d.]+)/.exec(banner ?? "")?.[1] ?? null,
  };
}
