// The head of an answer: its status and headers, whatever the cuts between its bytes.
import { cutText } from "../../schema/text.ts";
import { Bytes } from "../bytes.ts";
import { Failure } from "../failure.ts";

export interface Head {
  readonly status: number;
  /** Names in lower case; values of a name that came twice are joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Whether the server keeps the connection open after the body. */
  readonly keep_alive: boolean;
}

const MOST_BYTES = 64 * 1024;
const [LF, CR] = [10, 13];
const latin1 = new TextDecoder("latin1");

/** Reads one head. A Failure of class http says that it is not HTTP/1, or larger than 64 KiB. */
export class HeadReader {
  readonly #held = new Bytes();
  #line_bytes = 0;

  /** The head and the bytes behind it, once it is whole. */
  push(bytes: Uint8Array): { head: Head; rest: Uint8Array } | null {
    const end = this.#endIn(bytes);
    const own = bytes.subarray(0, end ?? bytes.length);
    if (this.#held.length + own.length > MOST_BYTES) {
      throw new Failure("http", "the head of the answer is larger than 64 KiB");
    }
    this.#held.append(own);
    const held = this.#held.all();
    const start = latin1.decode(held.subarray(0, 80));
    if (!"HTTP/".startsWith(start.slice(0, 5))) {
      throw new Failure("http", `the answer is not HTTP: ${printable(start)}`);
    }
    return end === null ? null : { head: readHead(latin1.decode(held)), rest: bytes.subarray(end) };
  }

  /** Where in `bytes` the empty line that ends the head has ended. */
  #endIn(bytes: Uint8Array): number | null {
    for (const [at, byte] of bytes.entries()) {
      if (byte !== LF) {
        if (byte !== CR) this.#line_bytes += 1;
      } else if (this.#line_bytes === 0) {
        return at + 1;
      } else {
        this.#line_bytes = 0;
      }
    }
    return null;
  }
}

function readHead(text: string): Head {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const [, minor, status] = /^HTTP\/1\.(\d) (\d{3})(?: .*)?$/.exec(first) ?? [];
  if (status === undefined) throw new Failure("http", `the answer is not HTTP/1: ${printable(first)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw new Failure("http", `a header of the answer is broken: ${printable(line)}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const connection = (headers.get("connection") ?? "").toLowerCase();
  const keep_alive = minor === "0" ? connection.includes("keep-alive") : !connection.includes("close");
  return { status: Number(status), headers, keep_alive };
}

function printable(text: string): string {
  return JSON.stringify(cutText(text, 80));
}
