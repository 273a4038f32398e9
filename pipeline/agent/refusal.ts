// The body of an answer that is no stream, and what it says in words.
import { cutText } from "../schema/text.ts";
import { Bytes } from "./bytes.ts";
import { errorIn } from "./wire/words.ts";

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
    return cutText(messageIn(new TextDecoder().decode(this.#held.all())), MOST_CHARACTERS);
  }

  get empty(): boolean {
    return this.#held.length === 0;
  }
}

function messageIn(text: string): string {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== "object" || message === null) return text;
    return errorIn(message as Record<string, unknown>) ?? text;
  } catch {
    return text;
  }
}
