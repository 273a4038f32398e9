// PURE. What is bid for an interruptible machine of Vast.ai: the bid is what is paid, for the whole machine, beside its disk.
import type { Offer } from "../../schema/offer.ts";

/** A bid at the least that wins is lost to whoever bids a cent more. */
const MARGIN = 1.2;
const STEPS = 10_000;

/** US dollars per hour: somewhat above the least that wins now, but no more than `most` while that wins. */
export function bidFor(least: number, most: number): number {
  const wished = Math.floor(Math.min(least * MARGIN, most) * STEPS) / STEPS;
  return Math.max(Math.ceil(least * STEPS) / STEPS, wished);
}

/** The bid that an offer's price holds. */
export function bidIn({ price_per_hour, storage_per_hour }: Offer): number {
  return Math.round(((price_per_hour ?? 0) - storage_per_hour) * STEPS) / STEPS;
}
