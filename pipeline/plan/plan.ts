// PURE. Entries become a plan: what is left out and why, which offer each lease takes first, in which order, for how much.
import type { Entry } from "../schema/entry.ts";
import type { FailureCode } from "../schema/failures.ts";
import { providerTitle } from "../schema/names.ts";
import type { Offer } from "../schema/offer.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { type Catalog, fitOf } from "./fit.ts";
import { entriesOf, type Lease } from "./leases.ts";
import { type BadMemory, isWithin, ranked } from "./pick.ts";

/** An entry that is left out, and why. */
export interface Left {
  readonly entry: Entry;
  readonly code: FailureCode;
  readonly reason: string;
}

export interface PlannedLease extends Lease, Estimate {
  /** The offer that would be taken now. */
  readonly offer: Offer;
}

export interface Plan {
  /** The cheapest for each entry first. */
  readonly leases: readonly PlannedLease[];
  readonly left: readonly Left[];
  readonly usd: number;
  readonly max_usd: number;
  /** Hours until the last lease ends, with so many at a time. */
  readonly hours: number;
}

/** What a provider answered for a lease: its offers, or why there are none. */
export type Market = { readonly offers: readonly Offer[] } | {
  readonly code: FailureCode;
  readonly reason: string;
};

/** Why an entry cannot be worked on wherever it is; null when it may. */
export type Objection = (entry: Entry) => { readonly code: FailureCode; readonly reason: string } | null;

/** Parts the entries into those to work on and those left out. */
export function admit(
  entries: readonly Entry[],
  objections: readonly Objection[],
): { entries: Entry[]; left: Left[] } {
  const left: Left[] = [];
  const admitted = entries.filter((entry) => {
    const objection = objections.map((object) => object(entry)).find((found) => found !== null);
    if (objection !== undefined) left.push({ entry, ...objection });
    return objection === undefined;
  });
  return { entries: admitted, left };
}

/** Objects to models that the catalogue knows to be too large. */
export function objectToSize(catalog: Catalog): Objection {
  return (entry) => {
    const fit = fitOf(entry, catalog);
    if (fit === null || fit.needed_gib <= fit.available_gib) return null;
    return {
      code: "does_not_fit",
      reason: `${entry.model} needs ${fit.needed_gib.toFixed(1)} GiB with its context, ${entry.gpu} has ${
        fit.available_gib.toFixed(1)
      } GiB`,
    };
  };
}

export interface Choosing {
  readonly catalog: Catalog;
  readonly memories: readonly BadMemory[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How many leases work at the same time. */
  readonly parallel: number;
  /** By lease: the offer of a machine that an earlier part of the run left for it. */
  readonly held: ReadonlyMap<string, Offer>;
}

/** Gives each lease the best offer of its market, and leaves out those for which there is none. */
export function choose(
  leases: readonly Lease[],
  markets: ReadonlyMap<string, Market>,
  choosing: Choosing,
): Plan {
  const left: Left[] = [];
  const taken = new Set<string>();
  const chosen: PlannedLease[] = [];
  for (const lease of leases) {
    const held = choosing.held.get(lease.id);
    const choice = held === undefined
      ? chooseOffer(lease, markets.get(lease.id), choosing, (offer) => taken.has(offerKey(offer)))
      : { offer: held };
    if ("offer" in choice) {
      if (choice.offer.host !== null) taken.add(offerKey(choice.offer));
      chosen.push({ ...lease, ...choice, ...estimate(lease, choice.offer, choosing.catalog) });
    } else {
      left.push(...entriesOf(lease).map((entry) => ({ entry, ...choice })));
    }
  }
  const perEntry = (lease: PlannedLease) => lease.usd / entriesOf(lease).length;
  const ordered = chosen.sort((a, b) => perEntry(a) - perEntry(b));
  return {
    leases: ordered,
    left,
    usd: sum(ordered.map(({ usd }) => usd)),
    max_usd: sum(ordered.map(({ max_usd }) => max_usd)),
    hours: makespan(ordered, choosing.parallel),
  };
}

/** Leases for the same kind of GPU at one provider work one after another: they would compete for the same machines. */
export function resourceOf({ provider, gpu, gpu_count }: Lease): string {
  return `${provider} ${gpu} ${gpu_count}`;
}

/** The best offer of a market for a lease, or why there is none. */
export function chooseOffer(
  lease: Lease,
  market: Market | undefined,
  { catalog, memories, now }: Pick<Choosing, "catalog" | "memories" | "now">,
  isTaken: (offer: Offer) => boolean,
): { readonly offer: Offer } | { readonly code: FailureCode; readonly reason: string } {
  const what = `${lease.gpu_count > 1 ? `${lease.gpu_count} × ` : ""}${lease.gpu} at ${
    providerTitle(lease.provider)
  }`;
  if (market === undefined || "code" in market) {
    return market ?? { code: "no_offer", reason: `${what} was not asked for` };
  }
  const within = market.offers.filter((offer) => isWithin(offer, lease.limits, lease.limits.max_hours));
  if (within.length === 0) return { code: "no_offer", reason: `there is no offer for ${what}` };
  const cap = lease.limits.max_price_per_hour ?? Infinity;
  const affordable = within.filter(({ price_per_hour }) => (price_per_hour ?? 0) <= cap);
  if (affordable.length === 0) {
    const cheapest = Math.min(...within.map(({ price_per_hour }) => price_per_hour ?? 0));
    const reason = `the cheapest ${what} costs $${cheapest.toFixed(3)} an hour, the cap is $${cap}`;
    return { code: "price_above_cap", reason };
  }
  const cost = (offer: Offer) => estimate(lease, offer, catalog).usd;
  const [best] = ranked(affordable.filter((offer) => !isTaken(offer)), cost, memories, now);
  if (best !== undefined) return { offer: best };
  const found = affordable.length === 1 ? "the one offer" : `all ${affordable.length} offers`;
  return {
    code: "no_offer",
    reason: `${found} for ${what} failed a short while ago or ${
      affordable.length === 1 ? "is" : "are"
    } taken`,
  };
}

/** Names one offer of one provider. */
export function offerKey({ provider, id }: Pick<Offer, "provider" | "id">): string {
  return `${provider} ${id}`;
}

/** Hours until all are done when each begins as soon as one of `parallel` places and its kind of GPU are free. */
function makespan(leases: readonly PlannedLease[], parallel: number): number {
  const places: number[] = Array(Math.max(1, parallel)).fill(0);
  const resources = new Map<string, number>();
  for (const lease of leases) {
    const place = places.indexOf(Math.min(...places));
    const resource = resourceOf(lease);
    const end = Math.max(places[place] ?? 0, resources.get(resource) ?? 0) + lease.hours;
    places[place] = end;
    resources.set(resource, end);
  }
  return Math.max(0, ...places);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
