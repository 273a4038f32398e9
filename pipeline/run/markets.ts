// What providers have on offer for each lease, or what their lists say where they cannot be asked.
import { messageOf } from "../errors.ts";
import { unlessAborted } from "../lib/clock.ts";
import type { Catalog } from "../plan/fit.ts";
import { type Lease, wantedFor } from "../plan/leases.ts";
import { listOffers } from "../plan/list_offers.ts";
import type { Market } from "../plan/plan.ts";
import type { Provider } from "../providers/provider.ts";
import { codeOf } from "../schema/failures.ts";
import type { PriceList } from "../schema/list_prices.ts";
import { OWN_PROVIDERS, type ProviderName, providerTitle } from "../schema/names.ts";

export interface Asking {
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  /** Variables that would have to be set for those that are not there. */
  readonly missing: ReadonlyMap<ProviderName, string>;
  readonly catalog: Catalog;
  readonly signal: AbortSignal;
  /** Prices taken where a provider cannot be asked; null: then there is nothing. */
  readonly lists: readonly PriceList[] | null;
  /** Seconds after which a provider that has not answered is left; null: it is waited for as long as its calls last. */
  readonly patience_seconds: number | null;
}

/** The markets by lease. */
export interface Markets {
  readonly markets: Map<string, Market>;
  /** Why list prices stand for a provider. */
  readonly listed: Map<ProviderName, string>;
}

/** Asks every provider for offers for each lease; providers beside each other, and one that fails leaves the others alone. */
export async function askMarkets(leases: readonly Lease[], asking: Asking): Promise<Markets> {
  const markets = new Map<string, Market>();
  const listed = new Map<ProviderName, string>();
  await Promise.all(
    [...Map.groupBy(leases, ({ provider }) => provider)].map(async ([name, members]) => {
      const patience = patienceFor(name, asking);
      for (const lease of members) {
        const told = await askFor(lease, patience, asking);
        markets.set(lease.id, "code" in told ? orListed(lease, told, listed, asking) : told);
      }
    }),
  );
  return { markets, listed };
}

/** Offers by list prices in place of those that could not be had. */
function orListed(
  lease: Lease,
  told: Extract<Market, { code: unknown }>,
  listed: Map<ProviderName, string>,
  { lists, catalog }: Asking,
): Market {
  if (lists === null) return told;
  const offers = listOffers(lease.provider, wantedFor(lease, catalog), lists);
  // A host of one's own has no list price that could be known.
  if (offers.length === 0 && OWN_PROVIDERS.includes(lease.provider)) return told;
  if (offers.length === 0) return { ...told, reason: `${told.reason}, and no list price is known` };
  listed.set(lease.provider, told.reason);
  return { offers };
}

interface Patience {
  readonly signal: AbortSignal;
  readonly ended: string;
}

/** All that is asked of one provider ends together. */
function patienceFor(name: ProviderName, { signal, patience_seconds }: Asking): Patience {
  if (patience_seconds === null) return { signal, ended: "" };
  return {
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience_seconds * 1000)]),
    ended: `${providerTitle(name)} did not answer within ${patience_seconds} s`,
  };
}

async function askFor(lease: Lease, patience: Patience, asking: Asking): Promise<Market> {
  const { providers, missing, catalog, signal } = asking;
  const variable = missing.get(lease.provider);
  if (variable !== undefined) return { code: "no_key", reason: noKey(lease.provider, variable) };
  const provider = providers.get(lease.provider);
  if (provider === undefined) return { offers: [] };
  try {
    const offers = provider.offers(wantedFor(lease, catalog), patience.signal);
    return { offers: await unlessAborted(offers, patience.signal) };
  } catch (error) {
    signal.throwIfAborted();
    return patience.signal.aborted
      ? { code: "provider_unavailable", reason: patience.ended }
      : { code: codeOf(error), reason: messageOf(error) };
  }
}

/** Why a provider whose key is not there is not asked. */
export function noKey(provider: ProviderName, variable: string): string {
  return `${variable} is not set: ${providerTitle(provider)} cannot be asked`;
}
