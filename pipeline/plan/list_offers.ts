// PURE. Offers by list prices, for a plan where a provider cannot be asked. Nobody rents them.
import { GPU_FAMILIES } from "../schema/gpu_names.ts";
import type { PriceList } from "../schema/list_prices.ts";
import type { ProviderName } from "../schema/names.ts";
import { type Offer, UNTOLD, type Wanted } from "../schema/offer.ts";

/** One offer for each list that knows the GPU. What may be taken away costs at most what it costs on demand. */
export function listOffers(
  provider: ProviderName,
  { gpu, gpu_count, vram_gib, limits }: Wanted,
  lists: readonly PriceList[],
): Offer[] {
  return lists.flatMap((list) => {
    if (list.provider !== provider || (limits.tier ?? list.tier) !== list.tier) return [];
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
      id: ["list", list.date, list.tier ?? "", card].join(" "),
      provider,
      gpu: card,
      gpu_count,
      vram_gib,
      price_per_hour: price * gpu_count,
      location: `list ${list.date}`,
      market: limits.market,
      country: limits.countries?.[0] ?? null,
      tier: list.tier ?? null,
    };
  }
}
