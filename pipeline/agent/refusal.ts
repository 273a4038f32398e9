// The body of an answer that is no stream, and what it says in words.
import { cutText } from "../schema/text.ts";
import { Bytes } from "./bytes.ts";
import { wordsIn } from "../lib/error_words.ts";

const MOST_BYTES = 64 * 1024;
const MOST_CHARACTERS = 300;

/** Collects such an answer; what is above 64 KiB is left out. */
export class Refusal {
  readonly #held = new Bytes();

  add(bytes: Uint8Array): void {
    this.#held.append(bytes.subarray(0, MOST_BYTES - this.#held.length));
  }

  /** True when the rest is not worth waiting for. */
  get full(): boolean {
    return this.#held.length === MOST_BYTES;
  }

  /** Its message, whatever its shape. */
  get message(): string {
    return this.error ?? cutText(this.#text, MOST_CHARACTERS);
  }

  /** The words of an error object; null when it is none. */
  get error(): string | null {
    return wordsIn(this.#text);
  }

  get empty(): boolean {
    return this.#held.length === 0;
  }

  get #text(): string {
    return new TextDecoder().decode(this.#held.all());
  }
}
