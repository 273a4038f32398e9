// Connections that wait for their next request, at most one request at a time on each.
import { Connection, type ConnectOptions } from "./connection.ts";
import type { Address } from "./request.ts";

export class Pool implements Disposable {
  readonly #options: ConnectOptions;
  readonly #idle = new Map<string, Connection[]>();

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /** The connection that was used last; null when none waits. It may have died meanwhile. */
  takeIdle(address: Address): Connection | null {
    return this.#idle.get(keyOf(address))?.pop() ?? null;
  }

  open(address: Address, signal: AbortSignal): Promise<Connection> {
    return Connection.open(address, signal, this.#options);
  }

  give(connection: Connection): void {
    const key = keyOf(connection.address);
    const idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, [connection]);
    else idle.push(connection);
  }

  [Symbol.dispose](): void {
    for (const connection of [...this.#idle.values()].flat()) connection[Symbol.dispose]();
    this.#idle.clear();
  }
}

function keyOf({ tls, hostname, port }: Address): string {
  return `${tls} ${hostname} ${port}`;
}
