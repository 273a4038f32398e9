// PURE. Offers by list prices, for a plan where a provider cannot be asked. Nobody rents them.
import { GPU_FAMILIES } from "../schema/gpu_names.ts";
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
    if (list.provider !== provider) return [];
    // Of a family, such as the H100 of any form, each card that the list knows.
    const cards = [gpu, ...GPU_FAMILIES[gpu] ?? []];
    return cards.flatMap((card) => {
      const price = list.usd_per_gpu_hour[card];
      return price === undefined ? [] : [offerOf(card, price, list)];
    });
  });

  function offerOf(card: string, price: number, list: PriceList): Offer {
    return {
      ...UNTOLD,
      id: ["list", list.date, list.tier, card].filter((part) => part !== undefined).join(" "),
      provider,
      gpu: card,
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
    };
  }
}
