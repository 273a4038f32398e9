// canary.json: what the first two minutes on a rented machine showed, each number with its limit, and whether it was refused for it.
import { z } from "zod";
import { FailureCode } from "./failures.ts";
import { EngineName } from "./names.ts";

const number = (what: string) =>
  z.number().nullable().meta({ description: `${what}; null when it is not known.` });
const text = (what: string) => z.string().meta({ description: what });

export const CanaryCheck = z.enum(["power_limit", "gpu_memory", "decode_speed", "download", "pcie_link"])
  .meta({
    description: "What of a machine was looked at.",
  });

export const CanaryFinding = z.strictObject({
  check: CanaryCheck,
  value: number("What was found"),
  limit: number("What it may not fall below"),
  unit: text("Unit of both."),
  verdict: z.enum(["passed", "noted", "refused", "not_measured"]).meta({
    description:
      "`noted`: below the limit, and measured all the same; `refused`: the machine was given back.",
  }),
}).meta({ id: "CanaryFinding", description: "One number of a canary against its limit." });

export const CanarySigns = z.strictObject({
  model: text("Model that was decoded with."),
  weights_bytes: number("Bytes of its weights, all of which are read for each token"),
  tokens_per_second: number("Decoding speed of one request, tokens/s"),
  memory_bandwidth_gb_s: number("Weights read a second: tokens/s x bytes of the weights, GB/s"),
  size_loaded_bytes: number("Bytes of the loaded model in all memories"),
  size_vram_bytes: number("Bytes of it that lie in GPU memory"),
  power_limit_w: number("Power limit in force of the GPU that is limited most, W"),
  power_default_limit_w: number("Its default, W"),
  pcie_generation: number("PCIe generation while the GPU decoded"),
  pcie_width: number("PCIe lanes while the GPU decoded"),
  downloaded_bytes: number("Bytes of the model that were downloaded"),
  download_seconds: number("How long that took, seconds"),
}).meta({
  id: "CanarySigns",
  description: "What a machine showed while a small model was fetched and decoded.",
});

export const Canary = z.strictObject({
  looked_at: text("When it began, ISO 8601 UTC."),
  seconds: z.number().min(0).meta({ description: "How long it took, seconds." }),
  gpu_name: text("Name of the GPU as its driver gives it."),
  gpu_count: z.int().min(0).meta({ description: "Number of GPUs." }),
  gpu_memory_mib: number("Memory of one GPU, MiB"),
  driver_version: text("Version of the GPU driver."),
  engine: EngineName,
  engine_flags: z.array(z.string()).nullable().meta({
    description: "Flags that the matrix gave the engine; null: none.",
  }),
  ...CanarySigns.shape,
  findings: z.array(CanaryFinding).meta({ description: "Its numbers against their limits." }),
  refused: FailureCode.nullable().meta({
    description: "Why the machine was given back; null when it was good enough.",
  }),
  reason: z.string().nullable().meta({ description: "The same in words." }),
}).meta({
  id: "Canary",
  description: "canary.json: the first two minutes on a rented machine, before anything is measured on it.",
});

export type CanaryFinding = z.infer<typeof CanaryFinding>;
export type CanarySigns = z.infer<typeof CanarySigns>;
export type Canary = z.infer<typeof Canary>;
