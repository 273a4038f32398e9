// The answers of the API: the same for the command line, the live server and the static mirror.
import { z } from "zod";
import { BenchmarkResult, CostAnalysis } from "./benchmark.ts";
import { Definition } from "./definition.ts";
import { Mark } from "./mark.ts";

export const BenchmarkList = Mark.extend({
  benchmarks: z.array(BenchmarkResult).meta({ description: "Newest first." }),
  count: z.int().meta({ description: "How many are listed." }),
}).meta({ id: "BenchmarkList", description: "GET /api/v1/benchmarks" });

export const BenchmarkAnswer = Mark.extend({ benchmark: BenchmarkResult, cost_analysis: CostAnalysis })
  .meta({ id: "BenchmarkAnswer", description: "GET /api/v1/benchmarks/best" });

export const Taken = BenchmarkAnswer.extend({
  ignored: z.array(z.string()).meta({
    description: "Keys of the submission that are of no use here, by their path.",
  }),
}).meta({ id: "Taken", description: "POST /api/v1/benchmarks" });

export const BenchmarkDetail = BenchmarkAnswer.extend({
  definitions: z.array(Definition).meta({
    description: "Its figures as other tools would print them; empty where chunk times were not kept.",
  }),
}).meta({ id: "BenchmarkDetail", description: "GET /api/v1/benchmarks/:id" });

export const CheapestFile = BenchmarkAnswer.extend({
  frontier: z.array(z.strictObject({
    min_tps: z.number().meta({
      description: "This benchmark answers every min_tps up to this rate, tokens/s, above the step before.",
    }),
    id: z.string().meta({ description: "Benchmark id." }),
    tokens_per_dollar: z.number().meta({ description: "Output tokens per US dollar." }),
  })).meta({ description: "The steps that answer every other min_tps, slowest first." }),
}).meta({ id: "CheapestFile", description: "The static file of …/cheapest" });

export const Comparison = Mark.extend({
  baseline: BenchmarkResult.meta({ description: "The fastest." }),
  comparisons: z.array(z.strictObject({
    result: BenchmarkResult,
    speedup_factor: z.number().nullable().meta({ description: "Its rate divided by the baseline's." }),
    cost_efficiency: z.number().nullable().meta({
      description: "Its tokens per dollar divided by the baseline's.",
    }),
    memory_efficiency: z.number().nullable().meta({
      description: "Its tokens/s per GiB of GPU memory divided by the baseline's.",
    }),
  })).meta({ description: "All others, fastest first." }),
}).meta({ id: "Comparison", description: "GET …/compare" });

export const Pareto = Mark.extend({
  model: z.string().meta({ description: "Model asked for." }),
  points: z.array(z.strictObject({
    id: z.string().meta({ description: "Benchmark id." }),
    gpu: z.string().meta({
      description: "The GPU by its name in the catalogue; without one, the processor.",
    }),
    provider: z.string().meta({ description: "Who lent the machine." }),
    price_per_hour: z.number().meta({ description: "US dollars per hour." }),
    rate_tokens_per_second: z.number().meta({ description: "What ranks and prices it, tokens/s." }),
    tokens_per_dollar: z.number().meta({ description: "rate × 3600 / price_per_hour." }),
    on_frontier: z.boolean().meta({
      description: "True when no other is as cheap and faster, or as fast and cheaper.",
    }),
  })).meta({ description: "Every ranked benchmark that has a price, cheapest first." }),
}).meta({ id: "Pareto", description: "The static file of price against speed." });

export const Recommendations = Mark.extend({
  model: z.string().meta({ description: "Model asked for." }),
  recommendations: z.array(z.strictObject({
    model: z.string().meta({ description: "Model." }),
    min_vram_gib: z.int().nullable().meta({
      description:
        "GPU memory that the model needs, whole GiB: the least of its results; null when not known.",
    }),
    recommended_gpus: z.array(z.string()).meta({ description: "GPU names." }),
    gpu: z.string().meta({ description: "The GPU by its name in the catalogue." }),
    gpu_count: z.int().meta({ description: "Number of GPUs." }),
    provider: z.string().meta({ description: "Who lends the machine." }),
    interruptible: z.boolean().meta({
      description: "Whether these are cheaper machines that may be taken away.",
    }),
    expected_tps: z.number().meta({ description: "Average tokens/s of its results." }),
    estimated_cost_per_hour: z.number().nullable().meta({
      description: "Average price of the same results, US dollars per hour.",
    }),
    tokens_per_dollar: z.number().nullable().meta({
      description: "expected_tps × 3600 / estimated_cost_per_hour.",
    }),
    benchmarks: z.int().meta({ description: "How many results it is the average of." }),
    notes: z.string().meta({ description: "What to know, in words made from the data." }),
  })).meta({
    description:
      "A GPU, how many of it, a provider, and whether interruptible, each: by average tokens/s, or by tokens per dollar.",
  }),
  count: z.int().meta({ description: "How many." }),
}).meta({ id: "Recommendations", description: "GET …/recommendations" });

const Named = z.strictObject({
  name: z.string().meta({ description: "Raw name." }),
  slug: z.string().meta({ description: "Path segment." }),
  benchmarks: z.int().meta({ description: "How many benchmarks." }),
  files: z.array(z.string()).meta({ description: "Paths below api/v1." }),
});

export const ApiIndex = Mark.extend({
  data_version: z.string().meta({ description: "Hash over all files listed." }),
  models: z.array(Named).meta({ description: "Every model." }),
  gpus: z.array(Named).meta({ description: "Every GPU." }),
  providers: z.array(Named).meta({ description: "Every provider." }),
  files: z.array(z.strictObject({
    path: z.string().meta({ description: "Path below api/v1." }),
    bytes: z.int().meta({ description: "Size in bytes." }),
    sha256: z.string().meta({ description: "SHA-256 in hex." }),
  })).meta({ description: "Every file of the mirror." }),
}).meta({ id: "ApiIndex", description: "index.json of the mirror." });

export const ApiError = z.strictObject({
  error: z.string().meta({ description: "What is wrong." }),
  request_id: z.string().meta({ description: "Id of the request." }),
  faults: z.array(z.string()).optional().meta({
    description: "One sentence for each fault of the input, where it can have several.",
  }),
})
  .meta({ id: "ApiError", description: "Every error." });

export const Health = z.strictObject({
  status: z.literal("ok").meta({ description: "The server answers." }),
  data_version: z.string().nullable().meta({
    description: "As in index.json of the mirror; null when there is no mirror.",
  }),
  benchmarks: z.int().meta({ description: "How many there are." }),
}).meta({ id: "Health", description: "GET /healthz" });

export type BenchmarkList = z.infer<typeof BenchmarkList>;
export type BenchmarkAnswer = z.infer<typeof BenchmarkAnswer>;
export type Taken = z.infer<typeof Taken>;
export type BenchmarkDetail = z.infer<typeof BenchmarkDetail>;
export type CheapestFile = z.infer<typeof CheapestFile>;
export type Comparison = z.infer<typeof Comparison>;
export type Pareto = z.infer<typeof Pareto>;
export type Recommendations = z.infer<typeof Recommendations>;
export type ApiIndex = z.infer<typeof ApiIndex>;
export type ApiError = z.infer<typeof ApiError>;
export type Health = z.infer<typeof Health>;
