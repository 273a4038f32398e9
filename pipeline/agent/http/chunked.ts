// A body in chunks: each with its size in hexadecimal before it. Extensions and trailers are read over.
import { Failure } from "../failure.ts";
import type { BodyReader, TakePayload } from "./body.ts";

const [LF, CR, TAB, SPACE, SEMICOLON] = [10, 13, 9, 32, 59];
const NO_DIGIT = 16;
/** What each byte is worth as a hexadecimal digit. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});
const MOST_DIGITS = 13;
const MOST_BYTES_BETWEEN = 64 * 1024;

/** A Failure of class truncated says that the chunks are broken. */
export class ChunkedBody implements BodyReader {
  readonly until_close = false;
  #state: "size" | "extension" | "data" | "after_data" | "trailer" | "end" = "size";
  #size = 0;
  #digits = 0;
  #left = 0;
  #line_bytes = 0;
  #between = 0;

  get complete(): boolean {
    return this.#state === "end";
  }

  push(bytes: Uint8Array, take: TakePayload, at: number): number {
    let from = 0;
    while (from < bytes.length && this.#state !== "end") {
      if (this.#state === "data") {
        const upto = Math.min(bytes.length, from + this.#left);
        take(bytes.subarray(from, upto), at);
        this.#left -= upto - from;
        from = upto;
        if (this.#left === 0) this.#state = "after_data";
      } else {
        this.#step(bytes[from] ?? 0);
        from += 1;
      }
    }
    return from;
  }

  /** One byte that is no payload. */
  #step(byte: number): void {
    this.#between += 1;
    if (this.#between > MOST_BYTES_BETWEEN) throw broken("more than 64 KiB between two chunks");
    switch (this.#state) {
      case "size":
        return this.#sizeByte(byte);
      case "extension":
        if (byte === LF) this.#begin();
        return;
      case "after_data":
        if (byte === LF) this.#state = "size";
        else if (byte !== CR) throw broken("a chunk is longer than its size");
        return;
      default:
        return this.#trailerByte(byte);
    }
  }

  #sizeByte(byte: number): void {
    const digit = DIGITS[byte] ?? NO_DIGIT;
    if (digit !== NO_DIGIT) {
      this.#digits += 1;
      this.#size = 16 * this.#size + digit;
      if (this.#digits > MOST_DIGITS) throw broken("a chunk's size has too many digits");
    } else if (this.#digits === 0) {
      throw broken("a chunk has no size");
    } else if (byte === LF) {
      this.#begin();
    } else if (byte === CR || byte === TAB || byte === SPACE || byte === SEMICOLON) {
      this.#state = "extension";
    } else {
      throw broken("a chunk's size is not a number");
    }
  }

  /** The line with the size is over. */
  #begin(): void {
    this.#left = this.#size;
    this.#state = this.#size === 0 ? "trailer" : "data";
    this.#size = 0;
    this.#digits = 0;
    this.#between = 0;
  }

  #trailerByte(byte: number): void {
    if (byte === LF) {
      if (this.#line_bytes === 0) this.#state = "end";
      this.#line_bytes = 0;
    } else if (byte !== CR) {
      this.#line_bytes += 1;
    }
  }
}

function broken(what: string): Failure {
  return new Failure("truncated", `the chunks of the answer are broken: ${what}`);
}
