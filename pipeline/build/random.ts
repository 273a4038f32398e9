// Random numbers that are the same for the same seed, on every machine.

export type RandomIndex = (below: number) => number;

/** Whole numbers from 0 to below `below`, by xoshiro128** (Blackman and Vigna); its state is filled from `seed` by splitmix32. */
export function randomIndex(seed: number): RandomIndex {
  let mix = seed | 0;
  const next = () => {
    mix = (mix + 0x9e3779b9) | 0;
    let word = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  return (below) => {
    const scaled = Math.imul(b, 5);
    const word = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return Math.floor(word / 2 ** 32 * below);
  };
}
