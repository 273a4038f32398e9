// One socket to a server, plain or TLS. What it reads into is used again by the next read.
import { Failure } from "../failure.ts";
import type { Address } from "./request.ts";

const READ_BYTES = 16 * 1024;
const CONNECT_MS = 10_000;

export interface ConnectOptions {
  /** Certificates to trust besides the usual ones, PEM. */
  readonly ca_certs?: readonly string[];
}

export class Connection implements Disposable {
  readonly #buffer = new Uint8Array(READ_BYTES);
  #open = true;

  private constructor(readonly address: Address, readonly conn: Deno.Conn) {}

  /** Connects within ten seconds and before `signal`; a Failure of class connect says why it could not. */
  static async open(address: Address, signal: AbortSignal, options: ConnectOptions): Promise<Connection> {
    const { hostname, port, tls } = address;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), CONNECT_MS);
    const either = AbortSignal.any([signal, deadline.signal]);
    try {
      const socket = await Deno.connect({ hostname, port, signal: either });
      socket.setNoDelay(true);
      return new Connection(address, tls ? await secured(socket, hostname, either, options) : socket);
    } catch (error) {
      signal.throwIfAborted();
      const words = deadline.signal.aborted ? `no connection after ${CONNECT_MS / 1000} s` : messageOf(error);
      throw new Failure("connect", `${hostname} port ${port}: ${words}`);
    } finally {
      clearTimeout(timer);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.conn.write(rest));
  }

  /** The next bytes, valid until the next read; null when the server has closed. */
  async read(): Promise<Uint8Array | null> {
    const count = await this.conn.read(this.#buffer);
    return count === null ? null : this.#buffer.subarray(0, count);
  }

  [Symbol.dispose](): void {
    if (this.#open) this.conn.close();
    this.#open = false;
  }
}

async function secured(
  socket: Deno.TcpConn,
  hostname: string,
  signal: AbortSignal,
  { ca_certs = [] }: ConnectOptions,
): Promise<Deno.Conn> {
  const conn = await Deno.startTls(socket, {
    hostname,
    caCerts: [...ca_certs],
    alpnProtocols: ["http/1.1"],
  });
  let open = true;
  const close = () => {
    if (open) conn.close();
    open = false;
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    await conn.handshake();
    signal.throwIfAborted();
    return conn;
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
