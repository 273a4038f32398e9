// One connection: how many of its requests are in work, and since when its client is silent.
import { type HttpConnection, serveConnection } from "./http_connection.ts";

/** Who asks, and who is told how the answer goes. */
export interface Client {
  readonly address: string;
  /** Told whenever the client takes a part of a long answer. */
  taken(): void;
  /** Told when the system has no more files for the answer. */
  outOfFiles(): void;
}

export type Handle = (request: Request, client: Client) => Response | Promise<Response>;

/** Who holds the connection. */
export interface Host {
  readonly handle: Handle;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Told when a request comes, when a part of its answer is taken, when all is, and when the connection has ended, whoever ended it. */
  begun(connection: Connection): void;
  taken(connection: Connection): void;
  done(connection: Connection): void;
  ended(connection: Connection): void;
  /** Told when the system has no more files for an answer. */
  outOfFiles(): void;
}

export class Connection implements Client {
  readonly address: string;
  readonly #host: Host;
  readonly #http: HttpConnection;
  readonly #stop = new AbortController();
  readonly #onEnd = () => this.#end();
  #requests = 0;
  #hasAsked = false;
  #hasEnded = false;
  #heard_at: number;

  constructor(socket: Deno.TcpConn, host: Host) {
    this.#host = host;
    this.address = socket.remoteAddr.hostname;
    this.#heard_at = host.now();
    this.#http = serveConnection(
      socket,
      this.#stop.signal,
      (request, { completed }) => this.#take(request, completed),
    );
    this.#http.finished.then(() => this.#over(), () => this.#over());
  }

  /** Requests in work. */
  get requests(): number {
    return this.#requests;
  }

  /** How long its client was silent by `now`, ms. */
  silence(now: number): number {
    return now - this.#heard_at;
  }

  taken(): void {
    if (this.#hasEnded) return;
    this.#heard_at = this.#host.now();
    this.#host.taken(this);
  }

  outOfFiles(): void {
    this.#host.outOfFiles();
  }

  /** Closes it at once. */
  close(): void {
    this.#stop.abort();
  }

  /** Closes it after the requests in work. */
  async shutdown(): Promise<void> {
    if (this.#hasAsked) await this.#http.shutdown().catch(() => undefined);
    else this.close();
  }

  #take(request: Request, completed: Promise<void>): Response | Promise<Response> {
    const { handle, now } = this.#host;
    this.#requests += 1;
    this.#hasAsked = true;
    this.#heard_at = now();
    this.#host.begun(this);
    completed.then(this.#onEnd, this.#onEnd);
    return handle(request, this);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#requests -= 1;
    this.#heard_at = this.#host.now();
    this.#host.done(this);
  }

  #over(): void {
    this.#hasEnded = true;
    this.#host.ended(this);
  }
}
