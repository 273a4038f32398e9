// The closed lists of words that data and code share.
import { z } from "zod";

export const ENGINES = ["ollama", "vllm", "sglang", "llama.cpp", "openai", "embedded"] as const;
/** Engines that the almanac installs and starts on rented machines. */
export const INSTALLED_ENGINES: readonly EngineName[] = ["ollama", "vllm", "sglang", "llama.cpp"];
/** Engines whose server takes flags from the matrix. */
export const FLAGGED_ENGINES: readonly EngineName[] = ["vllm", "sglang", "llama.cpp"];
export const PROVIDERS = ["local", "ssh", "vastai", "tensordock", "runpod", "lambda"] as const;
/** What they lend is not rented: the computer you sit at and your own hosts. */
export const OWN_PROVIDERS: readonly ProviderName[] = ["local", "ssh"];
/** Their machines stand, at least in part, with strangers, who can read what is brought there. */
export const MARKETPLACE_PROVIDERS: readonly ProviderName[] = ["vastai", "tensordock", "runpod"];
/** Those that lend machines for less which they may take away. */
export const INTERRUPTIBLE_PROVIDERS: readonly ProviderName[] = ["vastai"];
/** Those that tell data centres from strangers' machines. */
export const TIERED_PROVIDERS: readonly ProviderName[] = ["vastai", "runpod"];
/** What recommendations are ranked by: tokens/s, or tokens per dollar. */
export const RECOMMEND_BY = ["speed", "dollars"] as const;
/** How answers are printed. */
export const OUTPUTS = ["table", "json", "csv", "ndjson"] as const;
export const STAGES = ["provision", "setup", "load", "benchmark", "collect"] as const;

/** How a machine is rented. `interruptible`: cheaper, and whoever bids more, or the provider itself, may take it away at any moment. */
export const MARKETS = ["on_demand", "interruptible"] as const;

/** How providers write their own names. */
const PROVIDER_TITLES: Readonly<Record<string, string>> = {
  local: "this machine",
  ssh: "own host",
  vastai: "Vast.ai",
  tensordock: "TensorDock",
  runpod: "RunPod",
  lambda: "Lambda",
};

/** A provider's name for people. */
export function providerTitle(provider: string): string {
  return PROVIDER_TITLES[provider] ?? provider;
}

export const EngineName = z.enum(ENGINES).meta({ description: "What serves the model." });
export const ProviderName = z.enum(PROVIDERS).meta({
  description:
    "Who lends the machine: `local` is the computer you sit at, `ssh` your own hosts of runs/hosts.json.",
});
export const Stage = z.enum(STAGES).meta({ description: "A step of the work on one entry." });
export const Origin = z.enum(["measured", "submitted", "imported", "published", "simulated"]).meta({
  description:
    "Where a result comes from: measured by the almanac with its raw evidence kept, submitted, imported from another tool, published as summary figures, or simulated.",
});
export const Weights = z.enum(["real", "random"]).meta({
  description:
    "`random`: the model file was generated with random weights; decoding speed is real, its text is not.",
});
export const Phase = z.enum(["warmup", "settle", "measure", "repeat"]).meta({
  description:
    "`measure` counts. `warmup` never does. `settle`: sent before the window so that the load is on when it begins. `repeat`: the first level once more at the end, which shows drift.",
});

export type EngineName = z.infer<typeof EngineName>;
export type ProviderName = z.infer<typeof ProviderName>;
export type RecommendBy = (typeof RECOMMEND_BY)[number];
export type Stage = z.infer<typeof Stage>;
export type Origin = z.infer<typeof Origin>;
export type Phase = z.infer<typeof Phase>;
