// HTTP/1.1 over sockets of our own: at many streams fetch costs several times the processor time and delays what it reads.
import { Failure } from "../failure.ts";
import { AnswerReader, type Listener } from "./answer.ts";
import type { Socket } from "../socket/socket.ts";
import type { ConnectOptions } from "./connection.ts";
import { Pool } from "./pool.ts";
import { type Call, type WireRequest, wireRequest } from "./request.ts";

const GRACE_MS = 200;

/** The time when the last byte that matters came, or why no byte of an answer did. */
type Attempt = { readonly end: number } | { readonly dead: string };

export class HttpClient implements Disposable {
  readonly #pool: Pool;

  constructor(options: ConnectOptions = {}) {
    this.#pool = new Pool(options);
  }

  /**
   * Posts `call` and tells `listener` of its answer; the time of the last byte that matters, milliseconds of performance.now().
   * A kept connection on which nothing came back was closed meanwhile: then the request goes out once more, on a new one.
   * Aborting `signal` closes the socket and throws its reason. A Failure of class connect, http or truncated says what went wrong.
   */
  async post(call: Call, signal: AbortSignal, listener: Listener): Promise<number> {
    const request = wireRequest(call);
    signal.throwIfAborted();
    const idle = this.#pool.takeIdle(request.address);
    const first = idle === null ? null : await this.#attempt(idle, request, signal, listener);
    if (first !== null && "end" in first) return first.end;
    const fresh = await this.#pool.open(request.address, signal);
    const second = await this.#attempt(fresh, request, signal, listener);
    if ("end" in second) return second.end;
    throw new Failure("connect", second.dead);
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  async #attempt(
    connection: Socket,
    { address, bytes }: WireRequest,
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
      connection.send(bytes);
      const attempt = await readAnswer(connection, answer, listener, signal);
      keep = answer.reusable && await connection.flush() === null;
      return attempt;
    } finally {
      signal.removeEventListener("abort", close);
      if (keep) this.#pool.give(address, connection);
      else close();
    }
  }
}

/** Reads `answer` to its end, or until what follows all that matters of it has taken too long; then the connection is given up. */
async function readAnswer(
  connection: Socket,
  answer: AnswerReader,
  listener: Listener,
  signal: AbortSignal,
): Promise<Attempt> {
  let end: number | null = null;
  using grace = new Grace(connection);
  for (;;) {
    let unpacked: Promise<void> | null = null;
    const rest = await connection.receive((bytes, at) => {
      if (listener.finished !== true) end = at;
      unpacked = answer.push(bytes, at);
      if (listener.finished === true) grace.begin();
      return unpacked === null && !answer.complete;
    });
    await unpacked;
    if (end !== null && answer.complete) return { end };
    if (end !== null && listener.finished === true) {
      if (rest !== "enough") return { end };
      grace.begin();
    }
    signal.throwIfAborted();
    if (rest === "enough") continue;
    const why = rest === "closed" ? "the server closed the connection without an answer" : rest.broken;
    if (end === null) return { dead: why };
    if (rest !== "closed") throw new Failure("truncated", why);
    end = performance.now();
    await answer.close();
    return { end };
  }
}

/** What a connection still gets once all that matters has come: a late error may follow, and the end that lets it be used again. */
class Grace implements Disposable {
  readonly #connection: Socket;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Socket) {
    this.#connection = connection;
  }

  /** Closes the connection when it is over. */
  begin(): void {
    this.#timer ??= setTimeout(() => this.#connection[Symbol.dispose](), GRACE_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
