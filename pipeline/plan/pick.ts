// PURE. Which offer to take: the cheapest for what can be expected of it, with a memory of what failed before.
import { FAILURES } from "../schema/failures.ts";
import type { MachineRecord } from "../schema/machine.ts";
import type { Offer, OfferLimits } from "../schema/offer.ts";
import type { Remedy } from "../schema/remedy.ts";
import { GB_PER_GIB } from "../schema/units.ts";

/** An offer that let us down. */
export interface BadMemory {
  readonly offer: Offer;
  readonly code: keyof typeof FAILURES;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Reliability taken for an offer of which the provider tells none. */
const USUAL_RELIABILITY = 0.95;
/** What a failure leaves of the trust in an offer, its host or its location. */
const TRUST = 0.7;
const HIDDEN_MS = 30 * 60_000;
/** A failure is forgotten after so long. */
const FORGOTTEN_MS = 60 * 60_000;
/** So many offers of a GPU that failed make all of them doubtful. */
const DOUBTFUL = 3;
const DOUBT = 0.3;

/** What a machine without neighbours may cost more than a part of one, where it is preferred. */
const WHOLE_WORTH = 1.15;

const ELSEWHERE: readonly Remedy[] = ["other_offer", "other_host", "other_location"];

/** What machines of the past tell: those that ended for a reason that another offer may not have. A machine that was tried again and then left is one of them. */
export function badMemories(machines: readonly MachineRecord[]): BadMemory[] {
  return machines.flatMap(({ offer, end, events }) => {
    const code = end?.code;
    if (code === undefined || !(code in FAILURES)) return [];
    const known = code as keyof typeof FAILURES;
    const last = events.findLast(({ event }) => event === "destroying" || event === "not_created");
    const blamed = last?.event === "destroying"
      ? [...ELSEWHERE, "same_machine"].includes(FAILURES[known].remedy)
      : ELSEWHERE.includes(FAILURES[known].remedy);
    return blamed && last !== undefined ? [{ offer, code: known, at: Date.parse(last.at) }] : [];
  });
}

/**
 * 0 to 1: how likely the offer leads to a machine that works; 0 while it is to be left alone. What has no price is the user's own
 * machine: there may be no other, so it is only doubted.
 */
export function confidence(offer: Offer, memories: readonly BadMemory[], now: number): number {
  const recent = memories.filter(({ at, offer: other }) =>
    now - at < FORGOTTEN_MS && other.provider === offer.provider
  );
  const blaming = recent.filter((memory) => blames(memory, offer));
  if (offer.price_per_hour !== null && blaming.some(({ at }) => now - at < HIDDEN_MS)) return 0;
  const failed = new Set(
    recent.filter((memory) => memory.offer.gpu === offer.gpu).map(({ offer }) => offer.id),
  );
  const doubt = failed.size >= DOUBTFUL ? DOUBT : 1;
  return (offer.reliability ?? USUAL_RELIABILITY) * TRUST ** blaming.length * doubt;
}

/**
 * Whether a failure speaks against this offer: the same offer, the same host, or the same location. A provider that tells no
 * hosts hands the bad one out again at the same place.
 */
function blames({ code, offer: other }: BadMemory, offer: Offer): boolean {
  if (other.id === offer.id) return true;
  const { remedy } = FAILURES[code];
  const ofHost = remedy === "other_host" || remedy === "same_machine";
  const sameLocation = other.location !== null && other.location === offer.location &&
    other.gpu === offer.gpu;
  if (remedy === "other_location" || (ofHost && other.host === null)) return sameLocation;
  return ofHost && other.host === offer.host;
}

/** Offers that may be taken, the best first: the least dollars (`cost`) for a try, divided by its chance. */
export function ranked(
  offers: readonly Offer[],
  cost: (offer: Offer) => number,
  memories: readonly BadMemory[],
  now: number,
  preferWhole: boolean,
): Offer[] {
  const worth = ({ gpu_share }: Offer) =>
    preferWhole && gpu_share !== null && gpu_share < 1 ? WHOLE_WORTH : 1;
  return offers.map((offer) => ({ offer, trust: confidence(offer, memories, now) }))
    .filter(({ trust }) => trust > 0)
    .map(({ offer, trust }) => ({ offer, score: cost(offer) * worth(offer) / trust, trust }))
    .sort((a, b) => a.score - b.score || b.trust - a.trust || (a.offer.id < b.offer.id ? -1 : 1))
    .map(({ offer }) => offer);
}

/** Whether an offer is within what is asked for, the price aside. What a provider does not tell is not held against it. */
export function isWithin(offer: Offer, limits: OfferLimits, hours: number): boolean {
  const { countries, not_countries, min_cuda, min_download_mbps } = limits;
  const { min_ram_gb = 0, min_cpu_cores = 0, market, tier, whole_machine } = limits;
  const { ram_gib, cpu_cores, gpu_share } = offer;
  return offer.market === market &&
    (tier === undefined || offer.tier === null || offer.tier === tier) &&
    (whole_machine !== true || gpu_share === null || gpu_share === 1) &&
    (ram_gib === null || ram_gib * GB_PER_GIB >= min_ram_gb) &&
    (cpu_cores === null || cpu_cores >= min_cpu_cores) &&
    (countries === undefined || (offer.country !== null && countries.includes(offer.country))) &&
    (not_countries === undefined || offer.country === null || !not_countries.includes(offer.country)) &&
    (offer.cuda === null || offer.cuda >= min_cuda) &&
    (offer.download_mbps === null || offer.download_mbps >= min_download_mbps) &&
    (offer.max_hours === null || offer.max_hours >= hours);
}
