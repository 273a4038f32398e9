// One request and its streamed answer, timed on the monotonic clock. Never throws: what goes wrong is part of the result.
import type { Config } from "./config.ts";
import { type ErrorClass, Failure } from "./failure.ts";
import { type Draft, Hearing } from "./hearing.ts";
import type { HttpClient } from "./http/client.ts";
import type { Prompt } from "./prompts.ts";
import type { Answerer } from "./wire/answerer.ts";
import type { Counts, EngineTimes, Wire } from "./wire/frame.ts";

/** Times are milliseconds of performance.now(); all bytes that one read brought have the same. */
export interface Exchange {
  /** Milliseconds since 1970. */
  readonly sent_at: number;
  /** When the first byte of the request went out; of one that never did, when it was tried. */
  readonly sent: number;
  /** When the head of the answer was whole. */
  readonly headers: number | null;
  readonly first_frame: number | null;
  /** Frames before the first with text, such as one that tells the role alone. */
  readonly lead_frames: number;
  readonly first_text: number | null;
  /** The first text that is no reasoning. */
  readonly first_answer: number | null;
  readonly last_text: number | null;
  readonly end: number;
  /** When each frame with text came. */
  readonly text_times: readonly number[];
  /** Bytes of the text of each, in UTF-8. */
  readonly text_bytes: readonly number[];
  readonly frames: number;
  /** When each piece of the answer came that carried nothing, and may stand for a token that is not shown. */
  readonly silent_times: readonly number[];
  /** Frames of which all text was reasoning. */
  readonly reasoning_frames: number;
  /** When the frame came that told the end. */
  readonly finished: number | null;
  /** The model that answered, another than the one asked for if any message named one; null where none was named. */
  readonly model: Answerer | null;
  readonly http: number | null;
  readonly stop: string | null;
  readonly counts: Counts;
  readonly engine: EngineTimes;
  readonly error: { readonly kind: ErrorClass; readonly message: string } | null;
}

/** What an exchange needs besides its prompt. */
export interface ExchangeContext {
  readonly wire: Wire;
  readonly client: HttpClient;
  readonly config: Pick<Config, "api_key" | "timeout_seconds">;
  /** Aborting it ends the exchange as `stopped`. */
  readonly stop: AbortSignal;
  /** Told of each frame with text. */
  readonly onFrame: () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Sends `prompt` and reads its answer to the end, or until the request's time is over. */
export async function exchange(prompt: Prompt, context: ExchangeContext): Promise<Exchange> {
  const { config: { timeout_seconds }, stop } = context;
  const draft = Hearing.draft();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), Math.min(timeout_seconds * 1000, LONGEST_TIMER_MS));
  try {
    draft.end = await converse(prompt, context, AbortSignal.any([stop, timeout.signal]), draft);
  } catch (error) {
    draft.end = performance.now();
    draft.error = stop.aborted
      ? { kind: "stopped", message: "stopped before its end" }
      : timeout.signal.aborted
      ? { kind: "timeout", message: `no end after ${timeout_seconds} s` }
      : describe(error, draft);
  } finally {
    clearTimeout(timer);
  }
  return draft;
}

/** Asks and listens to the end; the time of the last byte. What the answer says goes into `draft`. */
async function converse(
  prompt: Prompt,
  { wire, client, config, onFrame }: ExchangeContext,
  signal: AbortSignal,
  draft: Draft,
): Promise<number> {
  const hearing = new Hearing(draft, wire.reader(), onFrame);
  const call = {
    url: wire.url,
    headers: headersFor(config.api_key),
    body: JSON.stringify(wire.body(prompt)),
  };
  try {
    const end = await client.post(call, signal, hearing);
    hearing.end(end);
    return end;
  } catch (error) {
    if (error instanceof Failure && error.kind === "truncated") hearing.cut();
    throw error;
  }
}

function headersFor(apiKey: string | null): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  };
}

function describe(error: unknown, draft: Draft): Exchange["error"] {
  if (error instanceof Failure) return { kind: error.kind, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { kind: draft.http === null ? "connect" : "truncated", message };
}
