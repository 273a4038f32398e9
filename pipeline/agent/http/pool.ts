// Connections that wait for their next request, at most one request at a time on each.
import { Poller } from "../socket/poller.ts";
import type { Socket } from "../socket/socket.ts";
import { type ConnectOptions, openConnection } from "./connection.ts";
import type { Address } from "./request.ts";

export class Pool implements Disposable {
  readonly #options: ConnectOptions;
  readonly #poller = Poller.open();
  readonly #idle = new Map<string, Socket[]>();

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /** The connection that was used last; null when none waits. It may have died meanwhile. */
  takeIdle(address: Address): Socket | null {
    return this.#idle.get(keyOf(address))?.pop() ?? null;
  }

  open(address: Address, signal: AbortSignal): Promise<Socket> {
    return openConnection(address, signal, this.#options, this.#poller?.reader.stamped ? this.#poller : null);
  }

  give(address: Address, connection: Socket): void {
    const key = keyOf(address);
    const idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, [connection]);
    else idle.push(connection);
  }

  [Symbol.dispose](): void {
    for (const connection of [...this.#idle.values()].flat()) connection[Symbol.dispose]();
    this.#idle.clear();
    this.#poller?.[Symbol.dispose]();
  }
}

function keyOf({ tls, hostname, port }: Address): string {
  return `${tls} ${hostname} ${port}`;
}
