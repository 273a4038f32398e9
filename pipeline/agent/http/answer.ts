// One answer as its bytes come: heads that only announce are skipped, a redirect is refused, the body is unpacked.
import { cutText } from "../../schema/text.ts";
import { Failure } from "../failure.ts";
import { type BodyReader, bodyReader } from "./body.ts";
import { type Head, HeadReader } from "./head.ts";
import { type Inflater, inflater } from "./inflate.ts";

/** Who is told of an answer. Times are milliseconds of performance.now(), taken as the bytes came. */
export interface Listener {
  /** The first byte of the request goes out now. */
  sending(): void;
  head(head: Head, at: number): void;
  /** Bytes of the body, valid during this call; what it throws ends the request. */
  bytes(bytes: Uint8Array, at: number): void;
  /** Whether all that matters of the body has come, though its end has not. */
  readonly finished?: boolean;
}

/** No answer to a request for the most tokens takes half of it. */
const MOST_BYTES = 128 << 20;

export class AnswerReader implements Disposable {
  readonly #listener: Listener;
  #heads = new HeadReader();
  #head: Head | null = null;
  #body: BodyReader | null = null;
  #inflater: Inflater | null = null;
  #surplus = false;
  #came = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  get complete(): boolean {
    return this.#body?.complete === true;
  }

  /** Whether the connection can carry another request once the answer is complete. */
  get reusable(): boolean {
    return this.complete && !this.#surplus && this.#head?.keep_alive === true;
  }

  /** Takes bytes that came at `at`; what it returns, of a packed body, is when they are unpacked. A Failure says what is wrong with them. */
  push(bytes: Uint8Array, at: number): Promise<void> | null {
    const rest = this.#body === null ? this.#readHead(bytes, at) : bytes;
    const body = this.#body;
    if (body === null) return null;
    if (this.#inflater !== null) return this.#unpack(body, rest, at, this.#inflater);
    this.#surplus = body.push(rest, this.#tell, at) < rest.length;
    return null;
  }

  /** The server has closed. A Failure of class truncated says that something is missing. */
  async close(): Promise<void> {
    if (this.#body === null) throw new Failure("truncated", "the answer ended inside its head");
    if (!this.#body.until_close) throw new Failure("truncated", "the answer ended before its end");
    await this.#inflater?.end();
  }

  [Symbol.dispose](): void {
    this.#inflater?.drop();
  }

  readonly #tell = (payload: Uint8Array, at: number) => {
    this.#came += payload.length;
    if (this.#came > MOST_BYTES) {
      throw new Failure("http", `the answer is longer than ${MOST_BYTES / 2 ** 20} MiB`);
    }
    this.#listener.bytes(payload, at);
  };

  async #unpack(body: BodyReader, bytes: Uint8Array, at: number, inflater: Inflater): Promise<void> {
    const packed: Uint8Array[] = [];
    this.#surplus = body.push(bytes, (payload) => void packed.push(payload), at) < bytes.length;
    for (const payload of packed) await inflater.push(payload, at);
    if (body.complete) await inflater.end();
  }

  /** The bytes behind the head; none while it is not whole. */
  #readHead(bytes: Uint8Array, at: number): Uint8Array {
    for (let rest = bytes; rest.length > 0;) {
      const found = this.#heads.push(rest);
      if (found === null) break;
      this.#heads = new HeadReader();
      if (found.head.status >= 200 || found.head.status === 101) {
        this.#begin(found.head, at);
        return found.rest;
      }
      rest = found.rest;
    }
    return bytes.subarray(bytes.length);
  }

  #begin(head: Head, at: number): void {
    this.#listener.head(head, at);
    if (head.status === 101) throw new Failure("http", "HTTP 101: the server changes to another protocol");
    const location = head.headers.get("location");
    if (head.status >= 300 && head.status < 400) {
      throw new Failure(
        "http",
        `HTTP ${head.status}: a redirect${
          location === undefined ? "" : ` to ${cutText(location, 200)}`
        }, which is not followed`,
      );
    }
    this.#head = head;
    this.#body = bodyReader(head);
    this.#inflater = inflater(
      head.headers.get("content-encoding"),
      this.#tell,
    );
  }
}
