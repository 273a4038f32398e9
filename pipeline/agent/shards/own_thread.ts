// Exchanges of the thread that asks for them.
import type { Config } from "../config.ts";
import { type Exchange, exchange } from "../exchange.ts";
import { HttpClient } from "../http/client.ts";
import { watchLoop } from "../loop_lag.ts";
import type { Prompt } from "../prompts.ts";
import type { Wire } from "../wire/frame.ts";
import { wireOf } from "../wire/of.ts";
import type { Exchanger, LoopWatch } from "./exchanger.ts";

export class OwnThread implements Exchanger {
  readonly shards = 1;
  readonly #client = new HttpClient();
  readonly #wire: Wire;

  /** Frames with text are counted in the first element of `count`, which other threads may see. */
  constructor(
    readonly config: Config,
    readonly stop: AbortSignal,
    readonly count: Int32Array = new Int32Array(1),
  ) {
    this.#wire = wireOf(config);
  }

  get frames(): number {
    return this.count[0] ?? 0;
  }

  exchange(prompt: Prompt): Promise<Exchange> {
    const { config, stop } = this;
    return exchange(prompt, { wire: this.#wire, client: this.#client, config, stop, onFrame: this.#onFrame });
  }

  watchLoops(): LoopWatch {
    const loop = watchLoop();
    return { end: () => Promise.resolve([loop.end()]) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    return Promise.resolve();
  }

  #onFrame = (): void => {
    Atomics.add(this.count, 0, 1);
  };
}
