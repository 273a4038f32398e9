// One request and its streamed answer, timed on the monotonic clock. Never throws: what goes wrong is part of the result.
import type { RequestLine } from "../schema/request.ts";
import type { Config } from "./config.ts";
import { type Counts, type EngineTimes, errorIn, type Frame, type Wire } from "./wire/frame.ts";

type ErrorClass = NonNullable<RequestLine["error_class"]>;

/** Times are milliseconds of performance.now(). */
export interface Exchange {
  readonly sent_at: number;
  readonly sent: number;
  readonly first_frame: number | null;
  readonly first_text: number | null;
  readonly last_text: number | null;
  readonly end: number;
  readonly frames: number;
  readonly http: number | null;
  readonly stop: string | null;
  readonly counts: Counts;
  readonly engine: EngineTimes;
  readonly error: { readonly kind: ErrorClass; readonly message: string } | null;
}

type Draft = { -readonly [K in keyof Exchange]: Exchange[K] };

class Failure extends Error {
  constructor(readonly kind: ErrorClass, message: string) {
    super(message);
  }
}

/** Sends `prompt` and reads its answer to the end, telling each frame with text. Aborting `stop` ends it as `stopped`. */
export async function exchange(
  wire: Wire,
  prompt: string,
  config: Pick<Config, "api_key" | "timeout_seconds">,
  stop: AbortSignal,
  onFrame: () => void,
): Promise<Exchange> {
  const timeout = AbortSignal.timeout(config.timeout_seconds * 1000);
  const body = JSON.stringify(wire.body(prompt));
  const draft = emptyDraft();
  try {
    await converse(wire, body, config.api_key, AbortSignal.any([stop, timeout]), draft, onFrame);
  } catch (error) {
    draft.error = stop.aborted
      ? { kind: "stopped", message: "stopped before its end" }
      : timeout.aborted
      ? { kind: "timeout", message: `no end after ${config.timeout_seconds} s` }
      : describe(error, draft);
  }
  draft.end = performance.now();
  return draft;
}

async function converse(
  wire: Wire,
  body: string,
  apiKey: string | null,
  signal: AbortSignal,
  draft: Draft,
  onFrame: () => void,
): Promise<void> {
  const headers = {
    "content-type": "application/json",
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  draft.sent_at = Date.now();
  draft.sent = performance.now();
  const response = await fetch(wire.url, { method: "POST", headers, body, signal });
  draft.http = response.status;
  if (!response.ok) {
    throw new Failure("http", `HTTP ${response.status}: ${refusal(await response.text())}`);
  }
  const reader = wire.reader();
  let done = false;
  const take = (frames: readonly Frame[]) => {
    const now = performance.now();
    for (const frame of frames) {
      if (frame.error !== undefined) throw new Failure("in_stream", frame.error);
      note(frame, now, draft);
      if (frame.text) onFrame();
      done ||= frame.done === true;
    }
  };
  for await (const bytes of response.body ?? []) take(reader.push(bytes));
  take(reader.end());
  if (!done) throw new Failure("truncated", `the stream ended early, after ${draft.frames} frames with text`);
  if (draft.frames === 0) throw new Failure("empty", "the answer has no text");
}

function note(frame: Frame, now: number, draft: Draft): void {
  draft.first_frame ??= now;
  if (frame.text) {
    draft.first_text ??= now;
    draft.last_text = now;
    draft.frames += 1;
  }
  if (frame.stop !== undefined) draft.stop = frame.stop;
  if (frame.counts !== undefined) draft.counts = { ...draft.counts, ...frame.counts };
  if (frame.engine !== undefined) draft.engine = { ...draft.engine, ...frame.engine };
}

function describe(error: unknown, draft: Draft): Exchange["error"] {
  if (error instanceof Failure) return { kind: error.kind, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return draft.http === null ? { kind: "connect", message } : { kind: "truncated", message };
}

/** The message of an error answer, whatever its shape; at most 300 characters. */
function refusal(text: string): string {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message === "object" && message !== null) {
      return (errorIn(message as Record<string, unknown>) ?? text).slice(0, 300);
    }
  } catch {
    return text.slice(0, 300);
  }
  return text.slice(0, 300);
}

function emptyDraft(): Draft {
  const now = performance.now();
  return {
    sent_at: Date.now(),
    sent: now,
    first_frame: null,
    first_text: null,
    last_text: null,
    end: now,
    frames: 0,
    http: null,
    stop: null,
    counts: {},
    engine: {},
    error: null,
  };
}
