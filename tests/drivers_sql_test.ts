// What a driver's words and the number of GPUs come to in the data.
import { deepEqual } from "node:assert/strict";
import { benchmarks, type Spoilt } from "./spoilt.ts";

const CARD = "NVIDIA H100 80GB HBM3";
/** GPUs that are cut into slices, of which the driver tells no memory. */
const sliced = (gpu_uuids: readonly string[], slices: number): object => ({
  gpu_name: `${CARD} MIG 1g.10gb`,
  gpu_memory_mib: null,
  gpu_count: slices,
  mig_profiles: Array(slices).fill("1g.10gb"),
  gpu_uuids,
});
const NO_GPU = { gpu_name: null, gpu_memory_mib: null, gpu_count: 0 };

/** What is told, the verdicts that follow, and figures. */
const CASES: Readonly<
  Record<
    string,
    Spoilt & { readonly found: readonly string[]; readonly gpu_name?: string; readonly power?: number }
  >
> = {
  "a GPU is lost, in words without brackets": {
    gpu: (second) => second > 10 ? { utilization_pct: "GPU is lost", power_w: "GPU is lost" } : {},
    found: ["driver_error lost samples, failures and changes of the driver"],
  },
  "a driver has no power limit, and says so without brackets": {
    gpu: () => ({ power_limit_w: "Not Active" }),
    found: [],
    power: 300,
  },
  "two slices of one GPU, which has samples": {
    hardware: sliced(["GPU-1"], 2),
    gpu: () => ({ utilization_pct: "[N/A]" }),
    found: [],
    gpu_name: `${CARD} MIG 1g.10gb`,
    power: 300,
  },
  "three slices of two GPUs, of which one has samples": {
    hardware: sliced(["GPU-1", "GPU-2"], 3),
    gpu: () => ({}),
    found: ["telemetry_gap GPUs without a sample"],
  },
  "slices of nobody knows how many GPUs": {
    hardware: { ...sliced([], 2), mig_profiles: null, gpu_uuids: null },
    gpu: () => ({}),
    found: [],
  },
  "samples of a GPU on a machine that is said to have none": {
    hardware: NO_GPU,
    gpu: () => ({}),
    found: [],
    gpu_name: "unknown",
  },
  "a GPU whose name is none": { hardware: { gpu_name: "[N/A]" }, found: [], gpu_name: "unknown" },
  "a GPU whose name a script left empty": { hardware: { gpu_name: "" }, found: [], gpu_name: "unknown" },
  "a sensor that is not there, and prints the largest number": {
    gpu: () => ({ temperature_c: "65535", power_limit_w: "4294967295" }),
    found: [],
    power: 300,
  },
  "a machine without a GPU": { hardware: NO_GPU, found: [], gpu_name: "AMD EPYC (CPU)" },
};

Deno.test("what drivers say, and of how many GPUs, is taken as it is meant", async (test) => {
  const found = await benchmarks(CASES);
  for (const [what, { found: expected, gpu_name, power }] of Object.entries(CASES)) {
    await test.step(what, () => {
      const benchmark = found.get(what);
      deepEqual(benchmark?.verdicts.map(({ code, unit }) => `${code} ${unit}`), expected);
      if (gpu_name !== undefined) deepEqual(benchmark?.hardware.gpu_name, gpu_name);
      if (power !== undefined) deepEqual(benchmark?.gpu_stats.avg_power_draw_w, power);
    });
  }
  const energy = (what: string) => (found.get(what)?.joules_per_output_token ?? null) !== null;
  deepEqual(Object.keys(CASES).slice(2, 4).map(energy), [true, false]);
});

Deno.test("a GPU is called as the catalogue calls it, by the driver's name and, where that leaves it open, the memory", async () => {
  const told: Record<string, [name: string, memory_mib: number, gpu: string]> = {
    sxm: ["NVIDIA H100 80GB HBM3", 81_559, "H100 SXM"],
    pcie: ["NVIDIA A100-PCIE-40GB", 40_960, "A100 40GB PCIe"],
    large: ["NVIDIA GeForce RTX 5060 Ti", 16_311, "RTX 5060 Ti"],
    small: ["NVIDIA GeForce RTX 5060 Ti", 8_151, "RTX 5060 Ti 8GB"],
    other: ["Tesla M60", 8_129, "Tesla M60"],
  };
  const cases = Object.fromEntries(
    Object.entries(told).map(([what, [gpu_name, gpu_memory_mib]]) => [what, {
      hardware: { gpu_name, gpu_memory_mib },
    }]),
  );
  const found = await benchmarks(cases);
  for (const [what, [, , gpu]] of Object.entries(told)) {
    deepEqual(found.get(what)?.hardware.gpu, gpu, what);
  }
  const fatal = found.get("other")?.verdicts.filter(({ severity }) => severity === "fatal");
  deepEqual(fatal, [], "a card that the catalogue lacks ranks");
});
