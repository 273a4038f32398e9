// One row of gpu.csv, after its header (or the specification's six columns when there is none) has been applied.
import { z } from "zod";

const measured = (what: string, unit: string) =>
  z.number().nullable().meta({ description: `${what}, ${unit}; null when the driver does not say.` });

const counted = (what: string) =>
  measured(`Time in which ${what}, since the driver was loaded`, "microseconds");

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
  memory_clock_mhz: measured("Clock of the memory", "MHz"),
  memory_utilization_pct: measured("Share of time in which memory was read or written", "%"),
  memory_temperature_c: measured("Temperature of the memory", "degrees Celsius"),
  power_average_w: measured("Power draw, the driver's own mean of the last second", "W"),
  power_default_limit_w: measured("Power limit that the maker set", "W"),
  pcie_generation: measured("PCIe generation of the link as it is now, lower at rest", "number"),
  pcie_width: measured("PCIe lanes of the link as it is now", "lanes"),
  sw_power_cap_us: counted("its power limit held the clocks down"),
  sw_thermal_slowdown_us: counted("its driver held the clocks down for heat"),
  hw_thermal_slowdown_us: counted("its hardware held the clocks down for heat"),
  hw_power_brake_us: counted("the power supply's brake held the clocks down"),
  performance_state: z.string().nullable().meta({ description: "P0 (most) to P12; null when not known." }),
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
