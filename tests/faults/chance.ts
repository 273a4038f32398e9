// Chance that can be repeated: the same seed gives the same numbers. Mulberry32, by Tommy Ettinger, in the public domain.
export type Chance = () => number;

/** Numbers from 0 up to 1. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the weighted items; weights need not add up to 1. */
export function oneOf<T>(weighted: readonly (readonly [number, T])[], next: Chance): T {
  const total = weighted.reduce((sum, [weight]) => sum + weight, 0);
  let left = next() * total;
  for (const [weight, item] of weighted) if ((left -= weight) < 0) return item;
  return (weighted.at(-1) as readonly [number, T])[1];
}
