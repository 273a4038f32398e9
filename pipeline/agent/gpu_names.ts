// The GPUs of a machine under one name, also where they are of several kinds. Pure.
import type { HardwareMeta } from "../schema/metadata.ts";
import { LONGEST_NAME } from "../schema/plain_text.ts";
import { shortText } from "../schema/text.ts";

export interface Gpu {
  /** Null when the driver does not say. */
  readonly name: string | null;
  readonly memory_mib: number | null;
}

/** No machine has more; a program may print more. */
export const MOST_GPUS = 1024;

/** `NVIDIA L4` for any number of them, `2 × NVIDIA L4 + Tesla T4` for two kinds; memory only where all have the same. */
export function named(gpus: readonly Gpu[]): HardwareMeta {
  const kinds = Map.groupBy(gpus, ({ name }) => name ?? "unknown GPU");
  const [first] = gpus;
  const label = kinds.size <= 1
    ? first?.name ?? null
    : [...kinds].map(([name, own]) => own.length > 1 ? `${own.length} × ${name}` : name).join(" + ");
  const sizes = new Set(gpus.map(({ memory_mib }) => memory_mib));
  return {
    gpu_name: label === null ? null : shortText(label, LONGEST_NAME),
    gpu_memory_mib: sizes.size === 1 ? first?.memory_mib ?? null : null,
    gpu_count: gpus.length,
    ...(kinds.size <= 1 ? {} : { gpu_names: gpus.map(({ name }) => name ?? "") }),
  };
}
