// What Vast.ai tells of an offer, which it calls an ask: for how much, and on what kind of host.
import { z } from "zod";
import type { OfferLimits } from "../../schema/offer.ts";
import { plainName } from "../../schema/plain_text.ts";
import { bidFor } from "./bid.ts";

/** Its numbers, as the text that everybody else knows them by. */
export const idText = z.union([z.string(), z.number()]).transform(String);
const figure = z.number().nullish();
/** What is told of a host besides: without it, or with nonsense in its place, it can be rented all the same. */
const aside = z.number().positive().nullish().catch(null);

export const Ask = z.looseObject({
  id: idText,
  machine_id: idText.nullish(),
  host_id: idText.nullish(),
  gpu_name: z.string(),
  num_gpus: z.number(),
  gpu_ram: figure,
  dph_total: z.number().positive(),
  storage_cost: figure,
  inet_down: figure,
  inet_down_cost: figure,
  reliability2: figure,
  reliability: figure,
  cuda_max_good: figure,
  geolocation: z.string().nullish(),
  duration: figure,
  min_bid: aside,
  gpu_frac: z.number().positive().max(1).nullish().catch(null),
  hosting_type: figure.catch(null),
  verified: z.boolean().nullish().catch(null),
  verification: z.string().nullish().catch(null),
  compute_cap: aside,
  static_ip: z.boolean().nullish().catch(null),
  cpu_name: plainName().nullish().catch(null),
  cpu_cores: aside,
  cpu_cores_effective: aside,
  cpu_ram: aside,
});
export type Ask = z.output<typeof Ask>;

/** What is paid for it with its disk; null where no bids are taken and one is wished for. */
export function priceOf({ dph_total, min_bid }: Ask, storage: number, limits: OfferLimits): number | null {
  if (limits.market === "on_demand") return dph_total;
  return min_bid ? bidFor(min_bid, (limits.max_price_per_hour ?? Infinity) - storage) + storage : null;
}

/** What it tells of the machine; main memory by its share of the cores, as the host's alone is told. */
export function machineOf(ask: Ask) {
  const { hosting_type, verification, compute_cap, cpu_ram, cpu_cores, cpu_cores_effective } = ask;
  const tiers = { 0: "community", 1: "secure" } as const;
  return {
    tier: hosting_type === 0 || hosting_type === 1 ? tiers[hosting_type] : null,
    gpu_share: ask.gpu_frac ?? null,
    verified: ask.verified ?? (verification ? verification === "verified" : null),
    compute_capability: compute_cap ? compute_cap / 100 : null,
    static_ip: ask.static_ip ?? null,
    cpu: ask.cpu_name ?? null,
    cpu_cores: cpu_cores_effective ?? null,
    ram_gib: cpu_ram && cpu_cores && cpu_cores_effective
      ? cpu_ram / 1024 * cpu_cores_effective / cpu_cores
      : null,
  };
}
