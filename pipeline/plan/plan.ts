// PURE. Entries become a plan: what is left out and why, which offer each lease takes first, in which order, for how much.
import type { Entry } from "../schema/entry.ts";
import type { FailureCode } from "../schema/failures.ts";
import { providerTitle } from "../schema/names.ts";
import type { Offer } from "../schema/offer.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { type Catalog, copiesOf, factsOf, fitOf } from "./fit.ts";
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
  /** Leases with the same one work one after another: they would compete for the same machines. */
  readonly resource: string;
}

export interface Plan {
  /** Those that hold a machine first, then the cheapest for each entry. */
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

/** Objects to models that are known to be too large. */
export function objectToSize(catalog: Catalog): Objection {
  return (entry) => {
    const fit = fitOf(entry, catalog);
    if (fit === null || fit.needed_gib <= fit.available_gib) return null;
    const guessed = factsOf(entry.model, entry.engine.name, catalog)?.source === "name"
      ? ", by its name,"
      : "";
    return {
      code: "does_not_fit",
      reason: `${entry.model}${guessed} needs ${fit.needed_gib.toFixed(1)} GiB with its context, ${
        shareOf(entry)
      } has ${fit.available_gib.toFixed(1)} GiB`,
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

/**
 * Gives each lease the best offer of its market, and leaves out those for which there is none. A host can be had once at a time:
 * where no other is left, leases share it one after another.
 */
export function choose(
  leases: readonly Lease[],
  markets: ReadonlyMap<string, Market>,
  choosing: Choosing,
): Plan {
  const left: Left[] = [];
  const chosen: PlannedLease[] = [];
  const resources = new Map<string, string>();
  const waits = ({ id }: Lease) => choosing.held.has(id) ? 0 : 1;
  for (const lease of leases.toSorted((a, b) => waits(a) - waits(b))) {
    const choice = choiceFor(
      lease,
      markets.get(lease.id),
      choosing,
      (offer) => resources.has(offerKey(offer)),
    );
    if ("offer" in choice) {
      const { offer } = choice;
      const resource = resources.get(offerKey(offer)) ?? resourceOf(lease);
      if (offer.host !== null) resources.set(offerKey(offer), resource);
      chosen.push({ ...lease, offer, resource, ...estimate(lease, offer, choosing.catalog) });
    } else {
      left.push(...entriesOf(lease).map((entry) => ({ entry, ...choice })));
    }
  }
  const perEntry = (lease: PlannedLease) => lease.usd / entriesOf(lease).length;
  const ordered = chosen.sort((a, b) => waits(a) - waits(b) || perEntry(a) - perEntry(b));
  return {
    leases: ordered,
    left,
    usd: sum(ordered.map(({ usd }) => usd)),
    max_usd: sum(ordered.map(({ max_usd }) => max_usd)),
    hours: makespan(ordered, choosing.parallel),
  };
}

/** The offer of the machine that is held; else the best that no other lease has, or the best of all. */
function choiceFor(
  lease: Lease,
  market: Market | undefined,
  choosing: Choosing,
  isTaken: (offer: Offer) => boolean,
): ReturnType<typeof chooseOffer> {
  const held = choosing.held.get(lease.id);
  if (held !== undefined) return { offer: held };
  const free = chooseOffer(lease, market, choosing, isTaken);
  return "offer" in free ? free : chooseOffer(lease, market, choosing, () => false);
}

/** Leases for the same kind of GPU at one provider compete for the same machines. */
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
  const what = `${gpusOf(lease)} at ${providerTitle(lease.provider)}`;
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
  const free = affordable.filter((offer) => !isTaken(offer));
  const [best] = ranked(free, cost, memories, now, lease.limits.whole_machine === "prefer");
  if (best !== undefined) return { offer: best };
  const found = affordable.length === 1 ? "the one offer" : `all ${affordable.length} offers`;
  return {
    code: "no_offer",
    reason: `${found} for ${what} failed a short while ago or ${
      affordable.length === 1 ? "is" : "are"
    } taken`,
  };
}

/** The GPUs that a copy of the model has. */
function shareOf(entry: Entry): string {
  const copies = copiesOf(entry);
  return copies === 1 ? gpusOf(entry) : `each of ${copies} copies on ${gpusOf(entry)}`;
}

function gpusOf({ gpu, gpu_count }: Pick<Entry, "gpu" | "gpu_count">): string {
  return gpu_count > 1 ? `${gpu_count} × ${gpu}` : gpu;
}

/** Names one offer of one provider. */
export function offerKey({ provider, id }: Pick<Offer, "provider" | "id">): string {
  return `${provider} ${id}`;
}

/** Hours until all are done, begun in their order as soon as one of `parallel` places and their resource are free. */
function makespan(leases: readonly PlannedLease[], parallel: number): number {
  const waiting = [...leases];
  const running = new Map<string, number>();
  let now = 0;
  while (waiting.length > 0) {
    const index = running.size < Math.max(1, parallel)
      ? waiting.findIndex(({ resource }) => !running.has(resource))
      : -1;
    const [lease] = index < 0 ? [] : waiting.splice(index, 1);
    if (lease === undefined) {
      now = Math.min(...running.values());
      for (const [resource, end] of running) if (end <= now) running.delete(resource);
    } else running.set(lease.resource, now + lease.hours);
  }
  return Math.max(now, ...running.values());
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
