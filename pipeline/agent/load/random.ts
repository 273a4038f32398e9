// Random numbers that a seed repeats: PCG32 (XSH RR 64/32) of M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient
// Statistically Good Algorithms for Random Number Generation", 2014, https://www.pcg-random.org.

const MULTIPLIER = 6364136223846793005n;

export class Random {
  #state = 0n;
  readonly #step: bigint;

  /** Of one seed each `stream` has numbers of its own. Both are whole numbers from 0. */
  constructor(seed: number, stream: number) {
    this.#step = BigInt.asUintN(64, BigInt(stream) << 1n | 1n);
    this.bits();
    this.#state = BigInt.asUintN(64, this.#state + BigInt(seed));
    this.bits();
  }

  /** 32 random bits. */
  bits(): number {
    const old = this.#state;
    this.#state = BigInt.asUintN(64, old * MULTIPLIER + this.#step);
    const mixed = Number(BigInt.asUintN(32, (old >> 18n ^ old) >> 27n));
    const turn = Number(old >> 59n);
    return (mixed >>> turn | mixed << (-turn & 31)) >>> 0;
  }

  /** Between 0 and 1, never either of them. */
  uniform(): number {
    return (this.bits() * 2 ** 20 + (this.bits() >>> 12) + 0.5) / 2 ** 52;
  }

  /** A whole number from 0 to below `below`. */
  below(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Exponentially distributed, mean 1. */
  exponential(): number {
    return -Math.log(this.uniform());
  }

  /** Gamma-distributed, mean `shape`: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * this.uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.#normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(this.uniform()) < x * x / 2 + d * (1 - v + Math.log(v))) return d * v;
    }
  }

  /** Normally distributed, by Box and Muller. */
  #normal(): number {
    return Math.sqrt(2 * this.exponential()) * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** `items` in an order that only `seed` decides (Fisher and Yates). Pure. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = new Random(seed, 0);
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
