// When the requests of an open loop are due, all of it known before the first is sent. Pure.
import type { OpenLoad } from "../../schema/load.ts";
import { Random } from "./random.ts";

/** Of a level: the load before its window, and the window, seconds. */
export interface Span {
  readonly settle_seconds: number;
  readonly seconds: number;
}

/** Due times, milliseconds from the window's start, in order; negative ones settle the load. The same seed gives the same times, whatever other levels there are. */
export function scheduleOf(load: OpenLoad, rate: number, span: Span, seed: number): number[] {
  const random = new Random(seed, 1 + Math.round(rate * 1e6));
  switch (load.kind) {
    case "constant":
      return evenly(rate, span);
    case "poisson":
      return atIntervals(() => random.exponential() / rate, span);
    case "gamma":
      return atIntervals(() => random.gamma(load.burstiness) / (load.burstiness * rate), span);
    case "ramp":
      return [
        ...load.from > 0 ? atIntervals(() => random.exponential() / load.from, { ...span, seconds: 0 }) : [],
        ...rising(load, span.seconds, random),
      ];
  }
}

/** One is due at the window's very start. */
function evenly(rate: number, { settle_seconds, seconds }: Span): number[] {
  const due: number[] = [];
  for (let n = -Math.floor(settle_seconds * rate); n < seconds * rate; n++) due.push(n * 1000 / rate);
  return due;
}

function atIntervals(interval: () => number, { settle_seconds, seconds }: Span): number[] {
  const due: number[] = [];
  for (let at = interval() - settle_seconds; at < seconds; at += interval()) due.push(at * 1000);
  return due;
}

/** A Poisson process whose rate is linear in time: arrivals at rate 1, through the inverse of the cumulative rate. */
function rising({ from, to }: { from: number; to: number }, seconds: number, random: Random): number[] {
  const slope = (to - from) / seconds;
  const all = (from + to) / 2 * seconds;
  const due: number[] = [];
  for (let sum = random.exponential(); sum < all; sum += random.exponential()) {
    due.push(1000 * 2 * sum / (from + Math.sqrt(from * from + 2 * slope * sum)));
  }
  return due;
}
