// Answers kept in memory, bounded in number and bytes; the one not asked for longest goes first.
export interface Limits {
  readonly entries: number;
  readonly bytes: number;
}

export interface Sized {
  readonly bytes: Uint8Array;
}

export class Cache<T extends Sized> {
  readonly #kept = new Map<string, T>();
  #bytes = 0;

  constructor(private readonly limits: Limits) {}

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
    if (sizeOf(key, value) > this.limits.bytes / 4) return;
    this.#drop(key);
    this.#kept.set(key, value);
    this.#bytes += sizeOf(key, value);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.limits.entries && this.#bytes <= this.limits.bytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const old = this.#kept.get(key);
    if (old === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= sizeOf(key, old);
  }
}

function sizeOf(key: string, { bytes }: Sized): number {
  return 2 * key.length + bytes.length;
}
