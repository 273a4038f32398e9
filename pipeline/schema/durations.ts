// PURE. Whether the recorded durations of requests can be seconds at all. Milliseconds in their place are a thousand times too long, which
// their own tokens/s and the times of the other requests show.
import type { RequestLine } from "./request.ts";

/** Durations and rates that differ so much are of other units. What differs less is told by the verdicts of the benchmark. */
const APART = 100;

interface Level {
  busy: number;
  longest: number;
  requests: number;
  first: number;
  last: number;
}

/** Sums over the requests of a file that succeeded. */
export class Durations {
  readonly #levels = new Map<number, Level>();
  /** Seconds that requests took, and that their tokens take at their rate. */
  #taken = 0;
  #decoded = 0;

  add({ t, tok, tps, dur, level }: RequestLine): void {
    if (!dur) return;
    if (tok && tps) {
      this.#taken += dur;
      this.#decoded += tok / tps;
    }
    const before = this.#levels.get(level ?? 1) ?? { busy: 0, longest: 0, requests: 0, first: t, last: t };
    this.#levels.set(level ?? 1, {
      busy: before.busy + dur,
      longest: Math.max(before.longest, dur),
      requests: before.requests + 1,
      first: Math.min(before.first, t),
      last: Math.max(before.last, t),
    });
  }

  /** Why the durations cannot be; null when they can. `told_level` is that of lines without one; an open loop has no limit on what is under way. */
  fault(told_level: number, isOpen: boolean): string | null {
    if (this.#taken > APART * this.#decoded) {
      const times = Math.round(this.#taken / this.#decoded);
      return `its requests take ${times} times as long as their tokens at the recorded tokens/s`;
    }
    if (isOpen) return null;
    for (const [level, { busy, longest, requests, first, last }] of this.#levels) {
      const places = level === 1 ? told_level : level;
      const span = last - first + 1;
      if (busy - places * longest <= APART * places * span) continue;
      return `its ${requests} requests of ${Math.round(busy / requests)} s each lie within ${
        Math.round(span)
      } s, ${places} at a time`;
    }
    return null;
  }
}
