// Opens connections to a server: plain ones by Linux's own calls where they can be had, all others by Deno.
import { Failure } from "../failure.ts";
import { DenoSocket } from "../socket/deno_socket.ts";
import { kernelConnect } from "../socket/kernel_connect.ts";
import type { Poller } from "../socket/poller.ts";
import { messageOf, type Socket } from "../socket/socket.ts";
import type { Address } from "./request.ts";

const CONNECT_MS = 10_000;

export interface ConnectOptions {
  /** Certificates to trust besides the usual ones, PEM. */
  readonly ca_certs?: readonly string[];
}

/** Connects within ten seconds and before `signal`; a Failure of class connect says why it could not. */
export async function openConnection(
  address: Address,
  signal: AbortSignal,
  options: ConnectOptions,
  poller: Poller | null,
): Promise<Socket> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), CONNECT_MS);
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    if (poller !== null && !address.tls) return await kernelConnect(poller, address, either);
    return await denoConnect(address, either, options);
  } catch (error) {
    signal.throwIfAborted();
    const words = deadline.signal.aborted ? `no connection after ${CONNECT_MS / 1000} s` : messageOf(error);
    throw new Failure("connect", `${address.hostname} port ${address.port}: ${words}`);
  } finally {
    clearTimeout(timer);
  }
}

async function denoConnect(
  { hostname, port, tls }: Address,
  signal: AbortSignal,
  options: ConnectOptions,
): Promise<Socket> {
  const conn = await Deno.connect({ hostname, port, signal });
  conn.setNoDelay(true);
  return new DenoSocket(tls ? await secured(conn, hostname, signal, options) : conn);
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
