// How often somebody may submit: a bucket of turns each, filled again with time.

export interface Limiter {
  /** Takes a turn of `who`: 0, or the seconds to wait until there is one. */
  take(who: string): number;
}

/** Whoever was not seen longest is forgotten beyond this many; by then their bucket is full again, or they are many. */
const MOST_KNOWN = 10_000;

/** At most `turns` at once, and as many a minute. `now` in ms. */
export function createLimiter(turns: number, now: () => number): Limiter {
  const known = new Map<string, { left: number; at: number }>();
  return {
    take(who) {
      const at = now();
      const before = known.get(who) ?? { left: turns, at };
      const left = Math.min(turns, before.left + (at - before.at) * turns / 60_000);
      known.delete(who);
      known.set(who, { left: left < 1 ? left : left - 1, at });
      for (const oldest of known.keys()) {
        if (known.size <= MOST_KNOWN) break;
        known.delete(oldest);
      }
      return left < 1 ? Math.ceil((1 - left) * 60 / turns) : 0;
    },
  };
}
