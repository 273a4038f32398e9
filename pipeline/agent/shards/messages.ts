// What the thread that plans and those that read say to each other.
import type { Config } from "../config.ts";
import type { Exchange } from "../exchange.ts";
import type { Prompt } from "../prompts.ts";

/** The first message. */
export interface Begin {
  readonly kind: "begin";
  readonly config: Config;
  /** Shared: frames with text are counted in its first element. */
  readonly count: Int32Array<SharedArrayBuffer>;
  /** Linux's monotonic clock minus the planning thread's performance.now(), milliseconds. */
  readonly clock_ahead_ms: number;
}

export type Order =
  | { readonly kind: "exchange"; readonly id: number; readonly prompt: Prompt }
  | { readonly kind: "watch" | "unwatch" | "stop" | "end" };

/** All times are those of the planning thread's performance.now(). */
export type Report =
  | { readonly kind: "exchanged"; readonly id: number; readonly exchange: Exchange }
  | { readonly kind: "lags"; readonly lags_ms: number[] }
  | { readonly kind: "ended" };
