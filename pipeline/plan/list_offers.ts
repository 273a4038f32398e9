// PURE. Offers by list prices, for a plan where a provider cannot be asked. Nobody rents them.
import type { PriceList } from "../schema/list_prices.ts";
import type { ProviderName } from "../schema/names.ts";
import { type Offer, UNTOLD, type Wanted } from "../schema/offer.ts";

/** One offer for each list that knows the GPU; none where no list does, and none of interruptible machines, whose prices are bids. */
export function listOffers(
  provider: ProviderName,
  { gpu, gpu_count, vram_gib, limits }: Wanted,
  lists: readonly PriceList[],
): Offer[] {
  if (limits.market !== "on_demand") return [];
  return lists.flatMap((list) => {
    const price = list.usd_per_gpu_hour[gpu];
    if (list.provider !== provider || price === undefined) return [];
    return [{
      ...UNTOLD,
      id: ["list", list.date, list.tier].filter((part) => part !== undefined).join(" "),
      provider,
      gpu,
      gpu_count,
      vram_gib,
      price_per_hour: price * gpu_count,
      storage_per_hour: 0,
      download_per_gb: 0,
      location: `list ${list.date}`,
      country: limits.countries?.[0] ?? null,
      host: null,
      reliability: null,
      download_mbps: null,
      cuda: null,
      max_hours: null,
      tier: list.tier ?? null,
    }];
  });
}
