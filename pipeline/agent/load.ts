// Closed-loop load: c requests are in flight at any time until the window is over; what is in flight then may end.
import type { ChunkLine } from "../schema/chunk.ts";
import type { RequestLine } from "../schema/request.ts";
import { AgentError, type Config } from "./config.ts";
import { exchange } from "./exchange.ts";
import type { HttpClient } from "./http/client.ts";
import { promptFor } from "./prompts.ts";
import { chunkLineOf, lineOf } from "./record.ts";
import type { Wire } from "./wire/frame.ts";

export interface LoadContext {
  readonly config: Config;
  readonly wire: Wire;
  readonly client: HttpClient;
  /** Goes to the front of every prompt. */
  readonly nonce: string;
  readonly stop: AbortSignal;
  /** Told of every request at its end; `chunks` is null when no text came. */
  readonly write: (line: RequestLine, chunks: ChunkLine | null) => void;
  /** Told of every frame with text as it arrives. */
  readonly onFrame: () => void;
  /** The running number of the next request. */
  readonly nextNumber: () => number;
}

export interface Window {
  readonly started_at: string;
  readonly window_seconds: number;
}

/** Sends `count` requests that are not counted, as many at once as the level says. */
export async function warmUp(level: number, count: number, context: LoadContext): Promise<void> {
  let left = count;
  await flood({ level, phase: "warmup", more: () => left-- > 0 }, context);
}

/** Measures one level for `seconds`. */
export async function measure(level: number, seconds: number, context: LoadContext): Promise<Window> {
  const started_at = new Date().toISOString();
  const origin = performance.now();
  const more = () => performance.now() - origin < seconds * 1000;
  await flood({ level, phase: "measure", more }, context);
  return { started_at, window_seconds: (performance.now() - origin) / 1000 };
}

interface Flood {
  readonly level: number;
  readonly phase: "warmup" | "measure";
  readonly more: () => boolean;
}

/** Keeps `level` requests in flight. An AgentError ends it when so many in a row failed that no answer can be hoped for. */
async function flood({ level, phase, more }: Flood, context: LoadContext): Promise<void> {
  const origin = performance.now();
  let failures = 0;
  const hopeless = () => failures >= Math.max(5, 2 * level);
  let last = "";
  const send = async () => {
    const scheduled = performance.now();
    const n = context.nextNumber();
    const prompt = promptFor(n, context.nonce);
    const result = await exchange(prompt.text, context);
    const place = { n, phase, level, prompt: prompt.kind, origin, scheduled };
    context.write(lineOf(result, place), chunkLineOf(result, place));
    failures = result.error === null ? 0 : failures + 1;
    last = result.error?.message ?? last;
  };
  const worker = async () => {
    while (!context.stop.aborted && !hopeless() && more()) await send();
  };
  await Promise.all(Array.from({ length: level }, worker));
  if (hopeless() && !context.stop.aborted) {
    throw new AgentError(`the engine failed ${failures} times in a row: ${last}`);
  }
}
