// The overviews: tables over all models at once, each a file of the mirror and an answer of the live API.
import { z } from "zod";
import { ManifestRow } from "./manifest.ts";
import { Mark } from "./mark.ts";

const number = (what: string) => z.number().nullable().meta({ description: `${what}; null when not known.` });
const count = (what: string) => z.int().meta({ description: what });
const text = (what: string) => z.string().meta({ description: what });
const names = (what: string) => z.array(z.string()).meta({ description: what });

const gpu = text("GPU by its catalogue name.");
const gpu_count = count("Number of GPUs of the machine.");
const provider = text("Who lends the machine.");
const model = text("Model name.");
const id = text("Benchmark id.");
const rate = number("Tokens/s of one request");
const price = number("US dollars per hour");
const perDollar = number("Output tokens per US dollar");

export const CostCell = z.strictObject({
  model,
  id,
  tokens_per_dollar: perDollar,
  rate_tokens_per_second: rate,
  price_per_hour: price,
  fits: z.boolean().nullable().meta({ description: "Whether the model lies wholly in GPU memory." }),
  is_best: z.boolean().meta({ description: "True for the most tokens per dollar of its model." }),
}).meta({ id: "CostCell", description: "What a dollar buys of one model." });

export const CostEfficiency = Mark.extend({
  models: names("Columns, smallest model first."),
  rows: z.array(
    z.strictObject({
      gpu,
      gpu_count,
      provider,
      cells: z.array(CostCell).meta({ description: "The models measured on it." }),
    }),
  ).meta({ description: "A GPU, how many of it, and a provider each: the most tokens per dollar first." }),
}).meta({
  id: "CostEfficiency",
  description: "GET /api/v1/cost-efficiency: tokens per dollar, GPU × model.",
});

export const GpuSummary = z.strictObject({
  gpu,
  benchmarks: count("Benchmarks that may be ranked."),
  memory_gib: number("Memory, GiB"),
  memory_type: z.string().nullable().meta({ description: "Kind of memory; null when not known." }),
  memory_bandwidth_gb_s: number("Memory bandwidth, GB/s"),
  vendor: z.string().nullable().meta({ description: "Its maker." }),
  form_factor: z.string().nullable().meta({
    description: "PCIe, SXM, OAM or superchip; null when not known or where the name leaves it open.",
  }),
  year: z.int().nullable().meta({ description: "Year in which it was launched." }),
  fp16_tflops: number("FP16 or BF16 without sparsity, sums in 32 bits, TFLOPS"),
  fp8_tflops: number("FP8 without sparsity, TFLOPS"),
  fp4_tflops: number("FP4 without sparsity, TFLOPS"),
  int8_tops: number("INT8 without sparsity, TOPS"),
  architecture: z.string().nullable().meta({ description: "The maker's name of the architecture." }),
  tdp_w: number("Thermal design power, W"),
  segment: z.string().nullable().meta({ description: "consumer, workstation or datacenter." }),
  ecc: z.boolean().nullable().meta({ description: "Whether its memory corrects errors." }),
  source: z.string().nullable().meta({ description: "Where its maker's figures come from." }),
  min_price_per_hour: number(
    "Lowest price of one GPU: the machine's divided by its GPUs, US dollars per hour",
  ),
  max_price_per_hour: number("Highest price of one GPU, US dollars per hour"),
  providers: names("Where it was measured."),
  best_for: text("What it leads in, in words made from the data."),
  strength: text("Its best figure, in words made from the data."),
  limitation: text("What speaks against it, in words made from data and catalogue."),
}).meta({ id: "GpuSummary", description: "What is known of one GPU." });

export const GpuAnalysis = Mark.extend({
  gpus: z.array(GpuSummary).meta({ description: "Largest memory first." }),
}).meta({ id: "GpuAnalysis", description: "GET /api/v1/gpus" });

export const ProviderOffer = z.strictObject({
  provider,
  id,
  rate_tokens_per_second: rate,
  price_per_hour: price,
  tokens_per_dollar: perDollar,
  min_tokens_per_second: number("Slowest request, tokens/s"),
  max_tokens_per_second: number("Fastest request, tokens/s"),
  spread_pct: number("Fastest less slowest request, % of the mean"),
  fits: z.boolean().nullable().meta({ description: "Whether the model lies wholly in GPU memory." }),
}).meta({ id: "ProviderOffer", description: "The best result of a GPU and model at one provider." });

export const ProviderSummary = z.strictObject({
  provider,
  benchmarks: count("Benchmarks that may be ranked."),
  gpus: names("GPUs measured there."),
  shared: count("Pairs of GPU, as many of it, and model that another provider has too."),
  price_beside_cheapest: number("Median over those pairs: its price divided by the lowest"),
  speed_beside_fastest: number("Median over those pairs: its tokens/s divided by the highest"),
  cheapest_in: count("Pairs in which nobody is cheaper."),
  fastest_in: count("Pairs in which nobody is faster."),
  spread_pct: number("Median spread of tokens/s over requests, % of the mean"),
  entries: count("Entries of our own runs that came to an end."),
  succeeded: count("Those of them that succeeded."),
}).meta({ id: "ProviderSummary", description: "One provider beside the others." });

export const ProviderComparison = Mark.extend({
  providers: z.array(ProviderSummary).meta({ description: "Most benchmarks first." }),
  comparisons: z.array(
    z.strictObject({
      gpu,
      gpu_count,
      model,
      offers: z.array(ProviderOffer).meta({ description: "Most tokens per dollar first." }),
    }),
  ).meta({ description: "Each GPU, as many of it, and model that several providers have." }),
}).meta({ id: "ProviderComparison", description: "GET /api/v1/providers" });

export const Pick = z.strictObject({
  kind: z.enum(["size", "use"]).meta({ description: "Whether it is for a size of model or for a use." }),
  name: text("Size or use."),
  aim: z.enum(["budget", "performance", "balance"]).meta({
    description:
      "budget: most tokens per dollar; performance: most tokens/s; balance: both, multiplied, over all models of the size.",
  }),
  gpu,
  gpu_count,
  provider,
  id,
  model,
  rate_tokens_per_second: rate,
  price_per_hour: price,
  tokens_per_dollar: perDollar,
  why: text("The reason, in words made from the data."),
  published: z.strictObject({
    gpu,
    provider,
    agrees: z.boolean().meta({ description: "Whether the source names the same." }),
    difference: z.string().nullable().meta({
      description: "Why the data does not bear it out; null when it agrees.",
    }),
  }).nullable().meta({ description: "What the source of the published results recommends." }),
}).meta({ id: "Pick", description: "Which GPU to take, and where." });

export const Picks = Mark.extend({
  picks: z.array(Pick).meta({ description: "By size of model, then by use." }),
}).meta({ id: "Picks", description: "GET /api/v1/recommendations" });

export const RunSummary = z.strictObject({
  run_id: text("Run."),
  entries: count("Entries."),
  succeeded: count("Entries that succeeded."),
  failed: count("Entries that failed or ran out of time."),
  skipped: count("Entries that were left out."),
  started_at: z.string().nullable().meta({ description: "When work began, ISO 8601 UTC." }),
  ended_at: z.string().nullable().meta({ description: "When the last entry ended, ISO 8601 UTC." }),
  total_cost: number("What its machines cost, US dollars"),
  simulated: z.boolean().meta({ description: "True when its machines were those of simulated clouds." }),
}).meta({ id: "RunSummary", description: "One run and what became of it." });

export const RunList = Mark.extend({
  runs: z.array(RunSummary).meta({ description: "Newest first." }),
}).meta({ id: "RunList", description: "GET /api/v1/runs" });

export const RunEntry = ManifestRow.extend({
  benchmarks: names("Ids of the benchmarks that it gave."),
}).meta({ id: "RunEntry", description: "One row of the manifest." });

export const Run = RunSummary.extend({
  manifest: z.array(RunEntry).meta({ description: "By entry." }),
  failures: z.array(
    z.strictObject({ stage: text("Stage."), entries: count("Entries that failed there.") }),
  ).meta({ description: "Failures by stage, in the order of the stages." }),
}).meta({ id: "Run", description: "GET /api/v1/runs/:id" });

export type CostCell = z.infer<typeof CostCell>;
export type GpuSummary = z.infer<typeof GpuSummary>;
export type ProviderOffer = z.infer<typeof ProviderOffer>;
export type ProviderSummary = z.infer<typeof ProviderSummary>;
export type RunSummary = z.infer<typeof RunSummary>;
export type RunEntry = z.infer<typeof RunEntry>;
export type CostEfficiency = z.infer<typeof CostEfficiency>;
export type GpuAnalysis = z.infer<typeof GpuAnalysis>;
export type ProviderComparison = z.infer<typeof ProviderComparison>;
export type Pick = z.infer<typeof Pick>;
export type Picks = z.infer<typeof Picks>;
export type RunList = z.infer<typeof RunList>;
export type Run = z.infer<typeof Run>;
