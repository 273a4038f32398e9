// Connects and listens by Linux's own calls.
import { lookup } from "node:dns/promises";
import { portIn, type SocketAddress, socketAddress } from "./address.ts";
import { AF_INET, EINPROGRESS, fixed, NONBLOCK_CLOEXEC, SO_ERROR, SOCK_STREAM, SOL_SOCKET } from "./libc.ts";
import { KernelSocket } from "./kernel_socket.ts";
import { type Poller, READABLE, WRITABLE } from "./poller.ts";
import type { Place, Socket } from "./socket.ts";

const BACKLOG = 4096;

/** Connects to the first address of `place` that answers; throws why none did, or the reason of `signal`. */
export async function kernelConnect(
  poller: Poller,
  { hostname, port }: Place,
  signal: AbortSignal,
): Promise<Socket> {
  const addresses = [socketAddress(hostname, port)].filter((each) => each !== null);
  if (addresses.length === 0) {
    for (const { address } of await lookup(hostname, { all: true })) {
      const found = socketAddress(address, port);
      if (found !== null) addresses.push(found);
    }
  }
  let why = "there is no such host";
  for (const address of addresses) {
    signal.throwIfAborted();
    const made = await connectTo(poller, address, signal);
    if (typeof made !== "string") return made;
    why = made;
  }
  throw new Error(why);
}

/** The socket, or why there is none. */
async function connectTo(
  poller: Poller,
  address: SocketAddress,
  signal: AbortSignal,
): Promise<Socket | string> {
  const { libc } = poller;
  const fd = libc.calls.socket(address.family, SOCK_STREAM | NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return libc.wordsOf(libc.errno);
  const failed = libc.calls.connect(fd, address.bytes, address.length) < 0 ? libc.errno : 0;
  try {
    if (failed === EINPROGRESS) await writable(poller, fd, signal);
    const error = failed === EINPROGRESS ? errorOf(poller, fd) : failed;
    if (error === 0) return new KernelSocket(poller, fd);
    libc.calls.close(fd);
    return libc.wordsOf(error);
  } catch (error) {
    libc.calls.close(fd);
    throw error;
  }
}

async function writable(poller: Poller, fd: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  poller.watch(fd, WRITABLE, resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
  poller.unwatch(fd);
  signal.throwIfAborted();
}

function errorOf({ libc }: Poller, fd: number): number {
  const value = new Int32Array(fixed(4));
  const length = new Uint32Array(fixed(4));
  length[0] = 4;
  libc.calls.getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length);
  return value[0] ?? 0;
}

/** Listens on a free loopback port, which it returns, until the process ends. */
export function kernelListen(poller: Poller, onSocket: (socket: Socket) => void): number {
  const { libc } = poller;
  const fd = libc.calls.socket(AF_INET, SOCK_STREAM | NONBLOCK_CLOEXEC, 0);
  const any = socketAddress("127.0.0.1", 0);
  if (any === null || libc.calls.bind(fd, any.bytes, any.length) < 0 || libc.calls.listen(fd, BACKLOG) < 0) {
    throw new Error(`no port to listen on: ${libc.wordsOf(libc.errno)}`);
  }
  const bound = new Uint8Array(fixed(16));
  const length = new Uint32Array(fixed(4));
  length[0] = 16;
  libc.calls.getsockname(fd, bound, length);
  poller.watch(fd, READABLE, () => {
    for (let conn = accept(); conn >= 0; conn = accept()) onSocket(new KernelSocket(poller, conn));
  });
  const accept = () => libc.calls.accept4(fd, null, null, NONBLOCK_CLOEXEC);
  return portIn(bound);
}
