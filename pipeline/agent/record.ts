// An exchange becomes a line of results.jsonl and one of chunks.jsonl; they reach the files before the next request counts.
import type { ChunkLine } from "../schema/chunk.ts";
import type { Phase } from "../schema/names.ts";
import type { RequestLine } from "../schema/request.ts";
import { type Decode, decodeOf } from "./decode.ts";
import type { Exchange } from "./exchange.ts";
import type { Prompt } from "./prompts.ts";

/** Where a request stands in its run; `origin` and `scheduled` are milliseconds of performance.now(). */
export interface Place {
  readonly n: number;
  readonly phase: Phase;
  readonly level: number;
  readonly prompt: Pick<Prompt, "kind" | "max_tokens">;
  readonly origin: number;
  readonly scheduled: number;
}

/** The line of one exchange. Tokens are the engine's count; without one, the frames with text. Pure. */
export function lineOf(exchange: Exchange, place: Place): RequestLine {
  const ns = (time: number | null) => time === null ? null : nanoseconds(time, place);
  const tok = exchange.counts.tok ?? exchange.frames;
  const decode = decodeOf(exchange);
  return {
    t: exchange.sent_at / 1000,
    n: place.n,
    tok,
    tok_from: exchange.counts.tok === undefined ? "frames" : "engine",
    tps: decodeRate(decode),
    dur: rounded((exchange.end - exchange.sent) / 1000),
    err: exchange.error !== null,
    ...(exchange.error === null
      ? {}
      : { error_msg: exchange.error.message, error_class: exchange.error.kind }),
    phase: place.phase,
    level: place.level,
    prompt: place.prompt.kind,
    asked_tok: place.prompt.max_tokens,
    scheduled_ns: ns(place.scheduled),
    sent_ns: ns(exchange.sent),
    headers_ns: ns(exchange.headers),
    first_frame_ns: ns(exchange.first_frame),
    first_text_ns: ns(exchange.first_text),
    first_answer_ns: ns(exchange.first_answer),
    last_text_ns: ns(exchange.last_text),
    ...(decode.first === exchange.first_text ? {} : { first_token_ns: ns(decode.first) }),
    ...(decode.last === exchange.last_text ? {} : { last_token_ns: ns(decode.last) }),
    ...(decode.tok === Math.max(0, tok - 1) ? {} : { decode_tok: decode.tok }),
    end_ns: ns(exchange.end),
    prompt_tok: exchange.counts.prompt_tok ?? null,
    cached_tok: exchange.counts.cached_tok ?? null,
    frames: exchange.frames,
    reads: new Set(exchange.text_times).size,
    lead_frames: exchange.lead_frames,
    stop: exchange.stop,
    http: exchange.http,
    ...answererIn(exchange),
    engine: Object.keys(exchange.engine).length === 0 ? null : exchange.engine,
  };
}

/** When each frame with text of one exchange came; null when there was none. Pure. */
export function chunkLineOf({ text_times }: Exchange, place: Place): ChunkLine | null {
  const [first] = text_times;
  if (first === undefined) return null;
  const offsets = text_times.map((time) => Math.round((time - first) * 1000));
  return {
    n: place.n,
    level: place.level,
    phase: place.phase,
    first_ns: nanoseconds(first, place),
    gaps_us: offsets.slice(1).map((offset, index) => offset - (offsets[index] ?? 0)),
  };
}

function nanoseconds(time: number, { origin }: Place): number {
  return Math.round((time - origin) * 1e6);
}

/** What is told of the model that answered. */
function answererIn({ model }: Exchange): Pick<RequestLine, "model" | "same_model"> {
  const { name = null, same = null } = model ?? {};
  return { ...(name === null ? {} : { model: name }), ...(same === null ? {} : { same_model: same }) };
}

/** Tokens/s; null when there is no span. */
function decodeRate({ first, last, tok }: Decode): number | null {
  if (tok < 1 || first === null || last === null || last <= first) return null;
  return rounded(tok / ((last - first) / 1000));
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
