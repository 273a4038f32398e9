// The body of an answer, in whichever of HTTP's three ways the server marks its end.
import { cutText } from "../../schema/text.ts";
import { Failure } from "../failure.ts";
import { ChunkedBody } from "./chunked.ts";
import type { Head } from "./head.ts";

export interface BodyReader {
  /** True when nothing is missing. */
  readonly complete: boolean;
  /** True when the server ends it by closing the connection. */
  readonly until_close: boolean;
  /** Gives the payload in `bytes`, which came at `at`; returns how many of them belong to the body. */
  push(bytes: Uint8Array, take: TakePayload, at: number): number;
}

export type TakePayload = (payload: Uint8Array, at: number) => void;

/** The reader for the body that follows `head`. A Failure of class http names what it cannot read. */
export function bodyReader({ status, headers }: Head): BodyReader {
  if (status === 204) return new SizedBody(0);
  const coding = headers.get("transfer-encoding")?.toLowerCase();
  if (coding === "chunked") return new ChunkedBody();
  if (coding !== undefined) {
    throw new Failure("http", `the answer's transfer-encoding is "${coding}", which is not supported`);
  }
  const sizes = headers.get("content-length");
  return sizes === undefined ? new OpenBody() : new SizedBody(sizeIn(sizes));
}

/** The content-length; told several times it must be the same. */
function sizeIn(text: string): number {
  const [size = "", ...others] = new Set(text.split(",").map((each) => each.trim()));
  if (others.length > 0 || !/^\d{1,15}$/.test(size)) {
    throw new Failure("http", `the answer's content-length is "${cutText(text, 80)}"`);
  }
  return Number(size);
}

class SizedBody implements BodyReader {
  readonly until_close = false;
  #left: number;

  constructor(size: number) {
    this.#left = size;
  }

  get complete(): boolean {
    return this.#left === 0;
  }

  push(bytes: Uint8Array, take: TakePayload, at: number): number {
    const used = Math.min(bytes.length, this.#left);
    this.#left -= used;
    if (used > 0) take(bytes.subarray(0, used), at);
    return used;
  }
}

class OpenBody implements BodyReader {
  readonly complete = false;
  readonly until_close = true;

  push(bytes: Uint8Array, take: TakePayload, at: number): number {
    take(bytes, at);
    return bytes.length;
  }
}
