// HTTP/1.1 over sockets of our own: at many streams fetch costs several times the processor time and delays what it reads.
import { Failure } from "../failure.ts";
import { AnswerReader, type Listener } from "./answer.ts";
import type { Connection, ConnectOptions } from "./connection.ts";
import { Pool } from "./pool.ts";
import { type Call, wireRequest } from "./request.ts";

/** The time when the last byte came, or why no byte of an answer did. */
type Attempt = { readonly end: number } | { readonly dead: string };

export class HttpClient implements Disposable {
  readonly #pool: Pool;

  constructor(options: ConnectOptions = {}) {
    this.#pool = new Pool(options);
  }

  /**
   * Posts `call` and tells `listener` of its answer; the time of the last byte, milliseconds of performance.now().
   * A kept connection on which nothing came back was closed meanwhile: then the request goes out once more, on a new one.
   * Aborting `signal` closes the socket and throws its reason. A Failure of class connect, http or truncated says what went wrong.
   */
  async post(call: Call, signal: AbortSignal, listener: Listener): Promise<number> {
    const { address, bytes } = wireRequest(call);
    signal.throwIfAborted();
    const idle = this.#pool.takeIdle(address);
    const first = idle === null ? null : await this.#attempt(idle, bytes, signal, listener);
    if (first !== null && "end" in first) return first.end;
    const second = await this.#attempt(await this.#pool.open(address, signal), bytes, signal, listener);
    if ("end" in second) return second.end;
    throw new Failure("connect", second.dead);
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  async #attempt(
    connection: Connection,
    bytes: Uint8Array,
    signal: AbortSignal,
    listener: Listener,
  ): Promise<Attempt> {
    using answer = new AnswerReader(listener);
    const close = () => connection[Symbol.dispose]();
    signal.addEventListener("abort", close, { once: true });
    let keep = false;
    try {
      signal.throwIfAborted();
      listener.sending();
      const unsent = await connection.write(bytes).then(() => null, messageOf);
      const attempt = await readAnswer(connection, answer, signal);
      keep = unsent === null && answer.reusable;
      return "dead" in attempt && unsent !== null ? { dead: unsent } : attempt;
    } finally {
      signal.removeEventListener("abort", close);
      if (keep) this.#pool.give(connection);
      else close();
    }
  }
}

async function readAnswer(
  connection: Connection,
  answer: AnswerReader,
  signal: AbortSignal,
): Promise<Attempt> {
  for (let begun = false;; begun = true) {
    let bytes: Uint8Array | null;
    try {
      bytes = await connection.read();
    } catch (error) {
      signal.throwIfAborted();
      if (!begun) return { dead: messageOf(error) };
      throw new Failure("truncated", messageOf(error));
    }
    const at = performance.now();
    if (bytes === null) {
      if (!begun) return { dead: "the server closed the connection without an answer" };
      await answer.close();
      return { end: at };
    }
    await answer.push(bytes, at);
    if (answer.complete) return { end: at };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
