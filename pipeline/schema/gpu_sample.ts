// One row of gpu.csv, after its header (or the specification's six columns when there is none) has been applied.
import { z } from "zod";

const measured = (what: string, unit: string) =>
  z.number().nullable().meta({ description: `${what}, ${unit}; null when the driver does not say.` });

export const GpuSample = z.strictObject({
  timestamp: z.string().meta({ description: "When the sample was taken, ISO 8601 UTC." }),
  gpu_index: z.int().min(0).meta({ description: "Index of the GPU in its machine." }),
  gpu_uuid: z.string().nullable().meta({ description: "The driver's id of the GPU." }),
  utilization_pct: measured("Share of time with any kernel active", "%"),
  memory_used_mib: measured("Memory in use", "MiB"),
  memory_total_mib: measured("Memory installed", "MiB"),
  temperature_c: measured("Temperature", "degrees Celsius"),
  power_w: measured("Power draw", "W"),
  power_limit_w: measured("Enforced power limit", "W"),
  sm_clock_mhz: measured("Clock of the multiprocessors", "MHz"),
  throttle_reasons: z.string().nullable().meta({
    description: "The driver's hexadecimal mask of clock event reasons.",
  }),
}).meta({ id: "GpuSample", description: "One GPU at one tick." });

/** The columns of a gpu.csv that has no header: the specification's. */
export const HEADERLESS_COLUMNS = [
  "timestamp",
  "utilization_pct",
  "memory_used_mib",
  "memory_total_mib",
  "temperature_c",
  "power_w",
] as const;

export type GpuSample = z.infer<typeof GpuSample>;
