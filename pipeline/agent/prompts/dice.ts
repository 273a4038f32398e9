// Numbers that look random and follow from their keys alone.
import type { Lengths } from "../../schema/mixes.ts";

/** A source of numbers from 0 up to but not including 1; the same keys give the same numbers. */
export type Dice = () => number;

/** mulberry32, begun with a hash (FNV-1a) of the keys. */
export function diceFor(...keys: readonly (number | string)[]): Dice {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(keys.join(" "))) {
    state = Math.imul(state ^ byte, 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of `things`, each as likely as the others. */
export function oneOf<T>(things: readonly [T, ...T[]], dice: Dice): T {
  return things[Math.floor(dice() * things.length)] ?? things[0];
}

/** A length of a clipped log-normal distribution, tokens. */
export function drawLength({ median, sigma, least, most }: Lengths, dice: Dice): number {
  const length = Math.round(median * Math.exp(sigma * normal(dice)));
  return Math.min(most, Math.max(least, length));
}

/** Box–Muller: a draw of the standard normal distribution. */
function normal(dice: Dice): number {
  return Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice());
}
