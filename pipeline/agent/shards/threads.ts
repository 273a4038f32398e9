// Exchanges of several threads, each with sockets and an event loop of its own: one loop reads no more than one core can.
import { AgentError, type Config } from "../config.ts";
import type { Exchange } from "../exchange.ts";
import { watchLoop } from "../loop_lag.ts";
import type { Prompt } from "../prompts.ts";
import { clockAhead } from "./clock.ts";
import type { Exchanger, LoopWatch } from "./exchanger.ts";
import type { Begin, Order, Report } from "./messages.ts";
import { SHARD } from "./shard.ts";

/** The agent is one file, which is the thread's, too. */
const PROGRAM = import.meta.url.endsWith(".ts") ? new URL("worker.ts", import.meta.url) : import.meta.url;

export class Threads implements Exchanger {
  readonly #threads: readonly Thread[];
  readonly #count = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  /** Aborting `stop` ends all exchanges. */
  constructor(config: Config, readonly shards: number, stop: AbortSignal) {
    const begin: Begin = { kind: "begin", config, count: this.#count, clock_ahead_ms: clockAhead() };
    this.#threads = Array.from({ length: shards }, () => new Thread(begin));
    const stopAll = () => this.#tell({ kind: "stop" });
    stop.addEventListener("abort", stopAll, { once: true });
    if (stop.aborted) stopAll();
  }

  get frames(): number {
    return Atomics.load(this.#count, 0);
  }

  /** The thread with the fewest takes the next one. */
  exchange(prompt: Prompt): Promise<Exchange> {
    return this.#threads.reduce((least, one) => one.inFlight < least.inFlight ? one : least).exchange(prompt);
  }

  watchLoops(): LoopWatch {
    const own = watchLoop();
    this.#tell({ kind: "watch" });
    return {
      end: async () => [own.end(), ...await Promise.all(this.#threads.map((thread) => thread.unwatch()))],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #tell(order: Order): void {
    for (const thread of this.#threads) thread.tell(order);
  }
}

class Thread {
  readonly #worker = new Worker(PROGRAM, { type: "module", name: SHARD });
  readonly #waiting = new Map<number, PromiseWithResolvers<Exchange>>();
  readonly #over = Promise.withResolvers<void>();
  #lags = Promise.withResolvers<number[]>();
  #next = 0;
  #death: Error | null = null;

  constructor(begin: Begin) {
    this.#worker.onmessage = ({ data }: MessageEvent<Report>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message);
    };
    this.#worker.postMessage(begin);
  }

  get inFlight(): number {
    return this.#waiting.size;
  }

  tell(order: Order): void {
    this.#worker.postMessage(order);
  }

  exchange(prompt: Prompt): Promise<Exchange> {
    if (this.#death !== null) return Promise.reject(this.#death);
    const waiting = Promise.withResolvers<Exchange>();
    const id = this.#next++;
    this.#waiting.set(id, waiting);
    this.tell({ kind: "exchange", id, prompt });
    return waiting.promise;
  }

  async unwatch(): Promise<number[]> {
    if (this.#death !== null) return [];
    this.#lags = Promise.withResolvers();
    this.tell({ kind: "unwatch" });
    return await this.#lags.promise;
  }

  async end(): Promise<void> {
    this.tell({ kind: "end" });
    await this.#over.promise;
    this.#worker.terminate();
  }

  #hear(report: Report): void {
    if (report.kind === "ended") return this.#over.resolve();
    if (report.kind === "lags") return this.#lags.resolve(report.lags_ms);
    this.#waiting.get(report.id)?.resolve(report.exchange);
    this.#waiting.delete(report.id);
  }

  #die(message: string): void {
    this.#death = new AgentError(
      `a thread that reads answers has died (${message}); SHARDS=1 does without such threads`,
    );
    for (const { reject } of this.#waiting.values()) reject(this.#death);
    this.#waiting.clear();
    this.#lags.resolve([]);
    this.#over.resolve();
  }
}
