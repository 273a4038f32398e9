// A thread that has exchanges for the one that plans them.
import { watchLoop } from "../loop_lag.ts";
import { clockAhead, shifted } from "./clock.ts";
import type { Begin, Order, Report } from "./messages.ts";
import { OwnThread } from "./own_thread.ts";

/** Name of such threads. */
export const SHARD = "almanac-shard";

/** What a thread sees of itself. */
interface Self {
  readonly name?: string;
  onmessage: ((event: MessageEvent<Begin | Order>) => void) | null;
  postMessage(report: Report): void;
}

const self = globalThis as unknown as Self;

/** Whether this thread is one. */
export function isShard(): boolean {
  return self.name === SHARD;
}

/** Follows orders until the one to end. */
export function serveShard(): void {
  let shard: Shard | null = null;
  self.onmessage = ({ data }) => {
    if (data.kind === "begin") shard = new Shard(data);
    else shard?.obey(data);
  };
}

class Shard {
  readonly #stop = new AbortController();
  readonly #own: OwnThread;
  readonly #later_ms: number;
  #loop: ReturnType<typeof watchLoop> | null = null;

  constructor({ config, count, clock_ahead_ms }: Begin) {
    this.#own = new OwnThread(config, this.#stop.signal, count);
    this.#later_ms = clockAhead() - clock_ahead_ms;
  }

  obey(order: Order): void {
    switch (order.kind) {
      case "exchange":
        return void this.#exchange(order);
      case "watch":
        this.#loop = watchLoop();
        return;
      case "unwatch":
        return self.postMessage({ kind: "lags", lags_ms: this.#loop?.end() ?? [] });
      case "stop":
        return this.#stop.abort();
      case "end":
        return void this.#end();
    }
  }

  async #exchange({ id, prompt }: Order & { kind: "exchange" }): Promise<void> {
    const exchange = await this.#own.exchange(prompt);
    self.postMessage({ kind: "exchanged", id, exchange: shifted(exchange, this.#later_ms) });
  }

  async #end(): Promise<void> {
    await this.#own[Symbol.asyncDispose]();
    self.postMessage({ kind: "ended" });
  }
}
