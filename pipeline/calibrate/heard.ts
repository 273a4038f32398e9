// A client that is calibrated, and what it says of one stream, in its own times.
import type { LoopWatch } from "../agent/shards/exchanger.ts";

export interface Heard {
  /** The prompt, by which the server's record is found. */
  readonly key: string;
  /** When the request was sent, milliseconds of the client's performance.now(). */
  readonly sent_ms: number;
  /** When each chunk with text was there. */
  readonly chunks_ms: readonly number[];
  /** Tokens as the stream's end told them; null when it did not. */
  readonly tokens: number | null;
  /** Why it failed; null when it did not. */
  readonly error: string | null;
}

export interface Client extends AsyncDisposable {
  /** Threads that read the streams. */
  readonly shards: number;
  /** Sends `key` as the prompt and reads the stream to its end. */
  ask(key: string): Promise<Heard>;
  /** Watches the event loops that read the streams. */
  watchLoops(): LoopWatch;
}

/** Its name goes into the calibration. */
export interface ClientMaker {
  readonly name: string;
  /** A client that asks `model` at `url`; aborting `stop` ends its streams. */
  make(url: string, model: string, stop: AbortSignal): Client;
}
