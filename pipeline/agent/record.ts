// An exchange becomes a line of results.jsonl, and the line reaches the file before the next request counts.
import type { RequestLine } from "../schema/request.ts";
import type { Exchange } from "./exchange.ts";

/** Where a request stands in its run; `origin` and `scheduled` are milliseconds of performance.now(). */
export interface Place {
  readonly n: number;
  readonly phase: "warmup" | "measure";
  readonly level: number;
  readonly prompt: string;
  readonly origin: number;
  readonly scheduled: number;
}

/** The line of one exchange. Tokens are the engine's count; without one, the frames with text. Pure. */
export function lineOf(exchange: Exchange, place: Place): RequestLine {
  const ns = (time: number | null) =>
    time === null ? null : Math.max(0, Math.round((time - place.origin) * 1e6));
  const tok = exchange.counts.tok ?? exchange.frames;
  return {
    t: exchange.sent_at / 1000,
    n: place.n,
    tok,
    tok_from: exchange.counts.tok === undefined ? "frames" : "engine",
    tps: decodeRate(tok, exchange),
    dur: rounded((exchange.end - exchange.sent) / 1000),
    err: exchange.error !== null,
    ...(exchange.error === null
      ? {}
      : { error_msg: exchange.error.message, error_class: exchange.error.kind }),
    phase: place.phase,
    level: place.level,
    prompt: place.prompt,
    scheduled_ns: ns(place.scheduled),
    sent_ns: ns(exchange.sent),
    first_frame_ns: ns(exchange.first_frame),
    first_text_ns: ns(exchange.first_text),
    last_text_ns: ns(exchange.last_text),
    end_ns: ns(exchange.end),
    prompt_tok: exchange.counts.prompt_tok ?? null,
    cached_tok: exchange.counts.cached_tok ?? null,
    frames: exchange.frames,
    stop: exchange.stop,
    http: exchange.http,
    engine: Object.keys(exchange.engine).length === 0 ? null : exchange.engine,
  };
}

/** (tok − 1) / (last text − first text), tokens/s; null when there is no such span. */
function decodeRate(tok: number, { first_text, last_text }: Exchange): number | null {
  if (tok < 2 || first_text === null || last_text === null || last_text <= first_text) return null;
  return rounded((tok - 1) / ((last_text - first_text) / 1000));
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
