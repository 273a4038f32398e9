// Takes connections from the network and holds no more of them, and none longer, than the limits say.
import { messageOf } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import { isOutOfFiles, replyBusy } from "./busy.ts";
import { type Client, Connection, type Exchange, type Handle, type Host } from "./connection.ts";
import { requireServer } from "./http_connection.ts";
import { type ServeLimits, USUAL_LIMITS } from "./limits.ts";

export interface ListenOptions {
  readonly hostname: string;
  /** 0: any free one. */
  readonly port: number;
  readonly handle: Handle;
  readonly log: Log;
  readonly limits?: ServeLimits;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

/** Files left for what is served, once the system gave no more for connections. */
const SPARE_FILES = 32;
/** After a connection that could not be taken. */
const PAUSE_MS = 100;
/** Of such trouble is told once in so long. */
const QUIET_MS = 60_000;

export class Listener {
  readonly #listener: Deno.TcpListener;
  readonly #handle: Handle;
  readonly #log: Log;
  readonly #limits: ServeLimits;
  readonly #host: Host;
  readonly #open = new Set<Connection>();
  /** Those without a request, the one that waits longest first. */
  readonly #waiting = new Set<Connection>();
  /** Those of which a client takes a long answer part by part, the one that took nothing for longest first. */
  readonly #taking = new Set<Exchange>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #accepting: Promise<void>;
  /** How many connections may be held open now. */
  #most: number;
  #requests = 0;
  #quiet_until = -Infinity;
  #isClosed = false;

  constructor(options: ListenOptions) {
    const { hostname, port, handle, log, limits = USUAL_LIMITS, now = () => performance.now() } = options;
    requireServer();
    this.#listener = Deno.listen({ hostname, port });
    this.#handle = handle;
    this.#log = log;
    this.#limits = limits;
    this.#host = {
      handle: (request, client) => this.#answer(request, client),
      now,
      begun: ({ connection }) => this.#begun(connection),
      taken: (exchange) => this.#taken(exchange),
      done: (exchange) => this.#done(exchange),
      ended: (connection) => this.#ended(connection),
      outOfFiles: () => this.#giveFilesBack(),
    };
    this.#most = limits.connections;
    this.#timer = setInterval(() => this.#check(), limits.check_ms);
    this.#accepting = this.#accept();
  }

  get address(): Deno.NetAddr {
    return this.#listener.addr as Deno.NetAddr;
  }

  /** How many connections are held open. */
  get connections(): number {
    return this.#open.size;
  }

  /** Takes no new connections, and ends when the requests in work are answered. */
  async shutdown(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
    await this.#accepting;
    await Promise.all([...this.#open].map((connection) => connection.shutdown()));
    clearInterval(this.#timer);
  }

  async #accept(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#take(await this.#listener.accept());
      } catch (error) {
        if (!this.#isClosed) await this.#recover(error);
      }
    }
  }

  #take(socket: Deno.TcpConn): void {
    if (this.#open.size >= this.#most) this.#makeRoom(1);
    const connection = new Connection(socket, this.#host);
    this.#open.add(connection);
    this.#waiting.add(connection);
  }

  #answer(request: Request, client: Client): Response | Promise<Response> {
    const { requests } = this.#limits;
    if (this.#requests > requests && this.#close(this.#stalled().take(1)) === 0) {
      return replyBusy(`${requests} requests are in work`);
    }
    return this.#handle(request, client);
  }

  #begun(connection: Connection): void {
    this.#requests += 1;
    this.#waiting.delete(connection);
  }

  #taken(exchange: Exchange): void {
    this.#taking.delete(exchange);
    this.#taking.add(exchange);
  }

  #done(exchange: Exchange): void {
    const { connection } = exchange;
    this.#requests -= 1;
    this.#taking.delete(exchange);
    if (connection.exchanges.size === 0) this.#waiting.add(connection);
  }

  #ended(connection: Connection): void {
    this.#requests -= connection.exchanges.size;
    this.#open.delete(connection);
    this.#waiting.delete(connection);
    for (const exchange of connection.exchanges) this.#taking.delete(exchange);
  }

  /** So many connections give their place: who waits without a request, then whose answers stall. */
  #makeRoom(count: number): void {
    const closed = this.#close(this.#waiting.values().take(count));
    this.#close(this.#stalled().take(count - closed));
  }

  /** Those with an answer that stalls, the one that does longest first. */
  *#stalled(): Generator<Connection> {
    const now = this.#host.now();
    for (const { connection, heard_at } of this.#taking) {
      if (now - heard_at < this.#limits.stalled_ms) return;
      yield connection;
    }
  }

  /** How many were closed. */
  #close(connections: Iterable<Connection>): number {
    let closed = 0;
    for (const connection of connections) {
      this.#waiting.delete(connection);
      for (const exchange of connection.exchanges) this.#taking.delete(exchange);
      connection.close();
      closed += 1;
    }
    return closed;
  }

  #check(): void {
    this.#most = Math.min(this.#most + 1, this.#limits.connections);
    const now = this.#host.now();
    for (const connection of this.#open) {
      if (connection.silence(now) >= this.#limits.idle_ms) connection.close();
    }
  }

  /** A client that is gone before it was taken is nothing. */
  async #recover(error: unknown): Promise<void> {
    if (error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.ConnectionReset) {
      return;
    }
    this.#tell(`a connection could not be taken: ${messageOf(error)}`);
    if (isOutOfFiles(error)) this.#giveFilesBack();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  /** Connections give their files back, and there are fewer of them for a while: with every check there may be one more. */
  #giveFilesBack(): void {
    this.#most = Math.max(SPARE_FILES, this.#open.size - SPARE_FILES);
    this.#makeRoom(Math.max(1, this.#open.size - this.#most));
  }

  #tell(trouble: string): void {
    const now = this.#host.now();
    if (now < this.#quiet_until) return;
    this.#quiet_until = now + QUIET_MS;
    this.#log.warn(trouble);
  }
}
