// Values kept in memory, bounded in number and bytes; the one not asked for longest goes first.
export interface Limits {
  readonly entries: number;
  readonly bytes: number;
}

export class Cache<T> {
  readonly #kept = new Map<string, T>();
  #bytes = 0;

  /** `sizeOf` gives the bytes of a value; its key counts too. */
  constructor(private readonly limits: Limits, private readonly sizeOf: (value: T) => number) {}

  get(key: string): T | undefined {
    const found = this.#kept.get(key);
    if (found !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
    }
    return found;
  }

  /** Keeps `value`, unless it alone would fill a quarter of the room. */
  set(key: string, value: T): void {
    this.#drop(key);
    if (this.#weigh(key, value) > this.limits.bytes / 4) return;
    this.#kept.set(key, value);
    this.#bytes += this.#weigh(key, value);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.limits.entries && this.#bytes <= this.limits.bytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const old = this.#kept.get(key);
    if (old === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= this.#weigh(key, old);
  }

  #weigh(key: string, value: T): number {
    return 2 * key.length + this.sizeOf(value);
  }
}
