// One connection: its requests in work, and since when its client is silent.
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
  begun(exchange: Exchange): void;
  taken(exchange: Exchange): void;
  done(exchange: Exchange): void;
  ended(connection: Connection): void;
  /** Told when the system has no more files for an answer. */
  outOfFiles(): void;
}

export class Connection {
  readonly address: string;
  readonly #host: Host;
  readonly #http: HttpConnection;
  /** Those in work: over HTTP/2 there may be many. */
  readonly #exchanges = new Set<Exchange>();
  #hasAsked = false;
  #hasEnded = false;
  #heard_at: number;

  constructor(socket: Deno.TcpConn, host: Host) {
    this.#host = host;
    this.address = socket.remoteAddr.hostname;
    this.#heard_at = host.now();
    this.#http = serveConnection(socket, (request, { completed }) => this.#take(request, completed));
    this.#http.finished.then(() => this.#over(), () => this.#over());
  }

  /** Requests in work. */
  get exchanges(): ReadonlySet<Exchange> {
    return this.#exchanges;
  }

  /** How long its client was silent by `now`, ms. */
  silence(now: number): number {
    return now - this.#heard_at;
  }

  /** Its client took a part of an answer. */
  heard(exchange: Exchange): void {
    if (this.#hasEnded) return;
    this.#heard_at = exchange.heard_at;
    this.#host.taken(exchange);
  }

  /** Closes it at once. */
  close(): void {
    this.#http.close();
  }

  /** Closes it after the requests in work. */
  async shutdown(): Promise<void> {
    if (this.#hasAsked) await this.#http.shutdown().catch(() => undefined);
    else this.close();
  }

  #take(request: Request, completed: Promise<void>): Response | Promise<Response> {
    const exchange = new Exchange(this, this.#host);
    this.#exchanges.add(exchange);
    this.#hasAsked = true;
    this.#heard_at = exchange.heard_at;
    this.#host.begun(exchange);
    const end = () => this.#end(exchange);
    completed.then(end, end);
    return this.#host.handle(request, exchange);
  }

  #end(exchange: Exchange): void {
    if (this.#hasEnded) return;
    this.#exchanges.delete(exchange);
    this.#heard_at = this.#host.now();
    this.#host.done(exchange);
  }

  #over(): void {
    this.#hasEnded = true;
    this.#host.ended(this);
  }
}

/** One request and its answer. */
export class Exchange implements Client {
  /** When the request came, or the last part of the answer was taken. */
  heard_at: number;

  constructor(readonly connection: Connection, private readonly host: Host) {
    this.heard_at = host.now();
  }

  get address(): string {
    return this.connection.address;
  }

  taken(): void {
    this.heard_at = this.host.now();
    this.connection.heard(this);
  }

  outOfFiles(): void {
    this.host.outOfFiles();
  }
}
