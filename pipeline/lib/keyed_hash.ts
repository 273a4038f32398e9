// PURE. HalfSipHash-2-4 of 64 bits: whoever does not know the secret cannot find two inputs that come out alike.

/** Two words of 32 bits. */
export type Pair = readonly [number, number];

/** The hash of whole words. */
export function keyedHash(words: Uint32Array, [k0, k1]: Pair): Pair {
  let [v0, v1, v2, v3] = [k0 | 0, k1 ^ 0xee, k0 ^ 0x6c796765, k1 ^ 0x74656462];
  const mix = (rounds: number) => {
    for (let n = 0; n < rounds; n++) {
      v0 = v0 + v1 | 0;
      v1 = rotated(v1, 5) ^ v0;
      v0 = rotated(v0, 16);
      v2 = v2 + v3 | 0;
      v3 = rotated(v3, 8) ^ v2;
      v0 = v0 + v3 | 0;
      v3 = rotated(v3, 7) ^ v0;
      v2 = v2 + v1 | 0;
      v1 = rotated(v1, 13) ^ v2;
      v2 = rotated(v2, 16);
    }
  };
  const take = (word: number) => {
    v3 ^= word;
    mix(2);
    v0 ^= word;
  };
  for (const word of words) take(word);
  take(words.byteLength << 24);
  v2 ^= 0xee;
  mix(4);
  const low = (v1 ^ v3) >>> 0;
  v1 ^= 0xdd;
  mix(4);
  return [low, (v1 ^ v3) >>> 0];
}

function rotated(word: number, bits: number): number {
  return word << bits | word >>> 32 - bits;
}
