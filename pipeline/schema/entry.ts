// An entry: one cell of a matrix, one row of the test manifest.
import { z } from "zod";
import { EngineChoice, Workload } from "./matrix.ts";
import { OfferLimits } from "./offer.ts";

export const Entry = z.strictObject({
  id: z.string().min(1).meta({
    description: "Readable id, unique in its run; also the name of its folder in data/raw/<run>/.",
  }),
  gpu: z.string().meta({ description: "GPU asked for, or `any`." }),
  gpu_count: z.int().min(1).default(1).meta({ description: "GPUs asked for." }),
  provider: z.string().min(1).meta({ description: "Who lends the machine." }),
  model: z.string().meta({ description: "Model name as the engine knows it." }),
  engine: EngineChoice,
  workload: Workload,
  offers: OfferLimits.prefault({}),
  price_per_hour: z.number().positive().nullable().meta({
    description: "US dollars per hour, null when the machine has no price.",
  }),
  location: z.string().nullable().meta({ description: "Where the machine stands." }),
}).meta({ id: "Entry", description: "One cell of a matrix: gpu, provider, model, engine, workload." });

export type Entry = z.infer<typeof Entry>;
