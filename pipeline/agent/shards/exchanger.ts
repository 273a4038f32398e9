// Who has the exchanges with an engine: this thread alone, or several that share them.
import { availableParallelism } from "node:os";
import { mostInFlight } from "../../schema/load.ts";
import type { Config } from "../config.ts";
import type { Exchange } from "../exchange.ts";
import type { Prompt } from "../prompts.ts";
import { Libc } from "../socket/libc.ts";
import { OwnThread } from "./own_thread.ts";
import { Threads } from "./threads.ts";

export interface Exchanger extends AsyncDisposable {
  /** Threads that read answers. */
  readonly shards: number;
  /** Frames with text that came so far, of all exchanges. */
  readonly frames: number;
  /** Sends `prompt` and reads its answer to the end. Rejects when a thread has died, and never for what the engine does. */
  exchange(prompt: Prompt): Promise<Exchange>;
  /** Watches the event loop of each thread from now on; `end` gives how late each called its timers, milliseconds. */
  watchLoops(): LoopWatch;
}

export interface LoopWatch {
  end(): Promise<number[][]>;
}

/** Streams that one thread reads with ease: at 50 chunks/s each they take about a sixth of a core. */
const STREAMS_OF_A_SHARD = 256;
/** The engine needs the machine's other cores. */
const CORES_FOR_A_SHARD = 4;
const MOST_SHARDS = 8;

/** Threads for so many streams on a machine with so many cores. Pure. */
export function shardsFor(streams: number, cores: number): number {
  const wanted = Math.ceil(streams / STREAMS_OF_A_SHARD);
  return Math.max(1, Math.min(wanted, Math.floor(cores / CORES_FOR_A_SHARD), MOST_SHARDS));
}

/** As many threads as `config` says, or as its load needs here; one where Linux's clock, which brings their times together, cannot be had. */
export function shardsOf(config: Config): number {
  using libc = Libc.open();
  return libc === null ? 1 : config.shards ?? shardsFor(mostInFlight(config), availableParallelism());
}

/** As many threads as shardsOf says; aborting `stop` ends all exchanges as `stopped`. */
export function exchangerFor(config: Config, stop: AbortSignal): Exchanger {
  const shards = shardsOf(config);
  return shards === 1 ? new OwnThread(config, stop) : new Threads(config, shards, stop);
}
