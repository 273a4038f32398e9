// What a matrix may ask of rented machines, and what a provider offers.
import { z } from "zod";
import { MARKETS, ProviderName } from "./names.ts";
import { plainName, plainText } from "./plain_text.ts";
import { shortText } from "./text.ts";

const country = z.string().superRefine((told, { addIssue }) => {
  if (/^[A-Z]{2}$/.test(told)) return;
  addIssue({
    code: "custom",
    message: `it is ${JSON.stringify(shortText(told, 20))}, it must be two capitals such as DE`,
  });
}).meta({ pattern: "^[A-Z]{2}$" });

/** The name of an image, as a provider or a registry knows it. */
export const ImageName = plainName().superRefine((told, { addIssue }) => {
  if (!/\s|:\/\//.test(told)) return;
  addIssue({
    code: "custom",
    message: "it must be a name such as vllm/vllm-openai:latest, without blanks or an address",
  });
});

/** `secure`: in a data centre that the provider vouches for; `community`: on somebody's machine. */
export const TIERS = ["secure", "community"] as const;
export type Tier = (typeof TIERS)[number];

export const OfferLimits = z.strictObject({
  max_price_per_hour: z.number().positive().optional().meta({
    description: "Most that a machine may cost, US dollars per hour.",
  }),
  min_reliability: z.number().min(0).max(1).default(0.9).meta({
    description: "Least reliability where the provider tells it, 0 to 1.",
  }),
  min_download_mbps: z.number().min(0).default(100).meta({
    description: "Least download speed where the provider tells it, Mbit/s.",
  }),
  min_cuda: z.number().min(0).default(12.4).meta({
    description: "Least CUDA version of the driver, e.g. 12.8.",
  }),
  disk_gb: z.number().positive().optional().meta({
    description: "Disk, GB; default: what the models and the engine need.",
  }),
  countries: z.array(country).min(1).optional().meta({
    description: "Only machines in these countries (two letters).",
  }),
  not_countries: z.array(country).min(1).optional().meta({ description: "No machine in these countries." }),
  max_hours: z.number().positive().max(48).default(3).meta({
    description: "Hard deadline of a machine, hours from its creation.",
  }),
  min_ram_gb: z.number().positive().max(100_000).optional().meta({
    description: "Least main memory of the machine where the provider tells it, GB.",
  }),
  min_cpu_cores: z.int().positive().max(10_000).optional().meta({
    description: "Least CPU cores (threads) of the machine where the provider tells them.",
  }),
  market: z.enum(MARKETS).default("on_demand").meta({
    description:
      "`interruptible` is cheaper and may be taken away at any moment, where a provider has it (vastai).",
  }),
  tier: z.enum(TIERS).optional().meta({
    description:
      "`secure` (data centres) or `community` (strangers' machines), where a provider has both (runpod, vastai); default: either.",
  }),
  whole_machine: z.union([z.boolean(), z.literal("prefer")]).default("prefer").meta({
    description:
      "Whether to rent all GPUs of a host, on which no neighbour disturbs: `true` nothing else, `false` does not matter, `prefer` where it costs at most 15 % more.",
  }),
  image: ImageName.optional().meta({
    description: "Container image or disk image; default: one that suits the provider.",
  }),
}).meta({ id: "OfferLimits", description: "What is asked of machines that are rented." });

export const Offer = z.strictObject({
  id: plainName().meta({ description: "What the provider knows it by; needed to rent it." }),
  provider: ProviderName,
  gpu: plainName().meta({
    description: "GPU by its name in the catalogue; the provider's where that lacks it.",
  }),
  gpu_count: z.int().min(0).meta({ description: "Number of GPUs." }),
  vram_gib: z.number().positive().nullable().meta({ description: "Memory of one GPU, GiB." }),
  price_per_hour: z.number().min(0).nullable().meta({
    description: "US dollars per hour for the whole machine with the disk asked for; null: it has no price.",
  }),
  storage_per_hour: z.number().min(0).default(0).meta({
    description: "The part of it for the disk, billed from creation on, US dollars per hour.",
  }),
  download_per_gb: z.number().min(0).default(0).meta({ description: "US dollars per GB downloaded." }),
  location: plainText().nullable().meta({ description: "Where it stands, in the provider's words." }),
  country: country.nullable().meta({ description: "Country, two letters." }),
  host: plainText().nullable().meta({ description: "Stable name of the host, to avoid it after a failure." }),
  reliability: z.number().min(0).max(1).nullable().meta({ description: "The provider's figure, 0 to 1." }),
  download_mbps: z.number().min(0).nullable().meta({ description: "Download speed, Mbit/s." }),
  cuda: z.number().nullable().meta({ description: "CUDA version that the host claims." }),
  max_hours: z.number().nullable().meta({ description: "Hours until it is no longer on offer." }),
  market: z.enum(MARKETS).default("on_demand").meta({
    description: "`interruptible`: it may be taken away at any moment.",
  }),
  tier: z.enum(TIERS).nullable().default(null).meta({
    description: "`secure` or `community` where the provider has both.",
  }),
  gpu_share: z.number().positive().max(1).nullable().default(null).meta({
    description: "Part of the host's GPUs that it has: 1 is the whole machine.",
  }),
  verified: z.boolean().nullable().default(null).meta({
    description: "Whether the provider has verified the host.",
  }),
  compute_capability: z.number().positive().nullable().default(null).meta({
    description: "CUDA compute capability of its GPU, e.g. 8.9.",
  }),
  static_ip: z.boolean().nullable().default(null).meta({
    description: "Whether its address stays the same.",
  }),
  cpu: plainText().nullable().default(null).meta({ description: "Its processor, in the provider's words." }),
  cpu_cores: z.number().positive().nullable().default(null).meta({
    description: "CPU cores (threads) of the machine that is lent.",
  }),
  ram_gib: z.number().positive().nullable().default(null).meta({
    description: "Main memory of the machine that is lent, GiB.",
  }),
}).meta({ id: "Offer", description: "One machine, or one kind of machine at a place, that can be rented." });

/** What an offer says of these where its provider says nothing. */
export const UNTOLD = {
  storage_per_hour: 0,
  download_per_gb: 0,
  location: null,
  country: null,
  host: null,
  reliability: null,
  download_mbps: null,
  cuda: null,
  max_hours: null,
  market: "on_demand",
  tier: null,
  gpu_share: null,
  verified: null,
  compute_capability: null,
  static_ip: null,
  cpu: null,
  cpu_cores: null,
  ram_gib: null,
} as const satisfies Partial<Offer>;

export type OfferLimits = z.infer<typeof OfferLimits>;
export type Offer = z.infer<typeof Offer>;

/** What is asked of a provider. */
export interface Wanted {
  /** GPU by its name in the catalogue, or `any`. */
  readonly gpu: string;
  /** Memory of one such GPU by the catalogue, GiB; null for `any`. */
  readonly vram_gib: number | null;
  readonly gpu_count: number;
  readonly disk_gb: number;
  /** How long it is needed, hours. */
  readonly hours: number;
  readonly limits: OfferLimits;
}
