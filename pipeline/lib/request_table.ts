// Lines by what they tell of their request, in 40 bytes each: a file may have a million. In a Map these took so much that sealing one
// file needed 518 MB instead of 280. Two requests that are not alike are taken for the same by chance alone, in one of ten million files.
import { Buffer } from "node:buffer";
import { hash, randomBytes } from "node:crypto";

/** What is told of a request, in 64 bits. */
type Key = readonly [low: number, high: number];

const FIRST_ROOM = 1024;
const SECRET_BYTES = 16;
/** So many numbers are kept of each line. */
const NUMBERS = 3;

/** A line that tells of a request. */
export interface Told {
  readonly line: number;
  /** Number of the request. */
  readonly n: number;
  /** Tokens/s; 0 where not known. */
  readonly tps: number;
}

export class RequestTable {
  /** Whoever does not know it cannot find two requests that come out alike. */
  readonly #secret = randomBytes(SECRET_BYTES);
  /** Places from 1 on, at a slot that the key tells; 0: the slot is free. */
  #slots = new Uint32Array(2 * FIRST_ROOM);
  /** By place. */
  #keys = new Uint32Array(2 * FIRST_ROOM);
  #numbers = new Float64Array(NUMBERS * FIRST_ROOM);
  #size = 0;

  /** What is told, as `get` and `add` take it. Zero counts without its sign. */
  keyOf(told: readonly number[]): Key {
    const numbers = new Float64Array(told.map((value) => value + 0));
    const digest = hash("sha256", Buffer.concat([this.#secret, new Uint8Array(numbers.buffer)]), "buffer");
    return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  }

  /** The line that told the same; null for the first. */
  get(key: Key): Told | null {
    const place = this.#slots[this.#slotOf(key)] ?? 0;
    if (place === 0) return null;
    const [line = 0, n = 0, tps = 0] = this.#numbers.subarray(NUMBERS * place, NUMBERS * (place + 1));
    return { line, n, tps };
  }

  /** Keeps the first line that tells so. */
  add(key: Key, { line, n, tps }: Told): void {
    const place = ++this.#size;
    if (2 * place >= this.#slots.length) this.#grow();
    this.#slots[this.#slotOf(key)] = place;
    this.#keys.set(key, 2 * place);
    this.#numbers.set([line, n, tps], NUMBERS * place);
  }

  #grow(): void {
    const [keys, numbers] = [this.#keys, this.#numbers];
    this.#keys = new Uint32Array(2 * keys.length);
    this.#numbers = new Float64Array(2 * numbers.length);
    this.#keys.set(keys);
    this.#numbers.set(numbers);
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let place = 1; place < this.#size; place++) {
      this.#slots[this.#slotOf(keyAt(keys.subarray(2 * place)))] = place;
    }
  }

  /** Where such a key stands, or may be put. */
  #slotOf([low, high]: Key): number {
    const last = this.#slots.length - 1;
    for (let slot = low & last;; slot = slot + 1 & last) {
      const place = this.#slots[slot] ?? 0;
      const isFound = this.#keys[2 * place] === low && this.#keys[2 * place + 1] === high;
      if (place === 0 || isFound) return slot;
    }
  }
}

function keyAt([first = 0, second = 0]: Uint32Array): Key {
  return [first, second];
}
