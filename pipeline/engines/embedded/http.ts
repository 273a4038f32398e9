// The OpenAI-compatible endpoint over anything that generates text. Knows nothing of llama.cpp.
import type { ModelCard } from "./card.ts";
import { Counters } from "./counters.ts";
import * as frames from "./frames.ts";
import type { Pool } from "./pool.ts";
import { type GenerationRequest, type Message, readRequest, RequestError } from "./requests.ts";

/** One place to generate in; serves one request at a time and starts every one from nothing. */
export interface Slot {
  /** The text of each token, never empty; returns why it ended. Stops early when the signal aborts. */
  generate(
    tokens: readonly number[],
    options: GenerationOptions,
  ): AsyncGenerator<string, frames.FinishReason>;
}

/** `max_tokens` never exceeds what the context has left. */
export interface GenerationOptions {
  readonly max_tokens: number;
  readonly temperature: number;
  readonly seed: number | undefined;
  readonly ignore_eos: boolean;
  readonly signal: AbortSignal;
}

/** A loaded model, ready to serve. */
export interface TextModel {
  readonly name: string;
  readonly card: ModelCard;
  readonly slots: Pool<Slot>;
  tokenize(input: string | readonly Message[]): readonly number[];
}

type Served = TextModel & { readonly counters: Counters };

type Step = { readonly text: string } | {
  readonly finish: frames.FinishReason;
  readonly tally: frames.Tally;
};

/** Answers every request; never throws. */
export function handler(model: TextModel): (request: Request) => Promise<Response> {
  const counters = new Counters();
  return async (request) => {
    try {
      return await route({ ...model, counters }, request);
    } catch (error) {
      if (!(error instanceof RequestError)) return errorResponse(500, String(error), "server_error", null);
      return errorResponse(error.status, error.message, error.type, error.code);
    }
  };
}

async function route(model: Served, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  switch (`${request.method} ${path}`) {
    case "GET /health":
      return Response.json({ status: "ok" });
    case "GET /metrics":
      return new Response(model.counters.text(), {
        headers: { "content-type": "text/plain; version=0.0.4" },
      });
    case "GET /v1/models":
      return Response.json({
        object: "list",
        data: [{ id: model.name, object: "model", created: 0, owned_by: "embedded", meta: model.card }],
      });
    case "POST /v1/completions":
      return await complete(model, readRequest("completion", await readJson(request)), request.signal);
    case "POST /v1/chat/completions":
      return await complete(model, readRequest("chat", await readJson(request)), request.signal);
    default:
      throw new RequestError(404, `there is no ${request.method} ${path}`, "not_found_error");
  }
}

async function complete(model: Served, asked: GenerationRequest, signal: AbortSignal): Promise<Response> {
  if (asked.model !== model.name) {
    const message = `the model ${asked.model} is not served here; ${model.name} is`;
    throw new RequestError(404, message, "not_found_error", "model_not_found");
  }
  const tokens = model.tokenize(asked.input);
  const room = model.card.context_length - tokens.length;
  if (room < 1) {
    const message = `the prompt has ${tokens.length} tokens, the context holds ${model.card.context_length}`;
    throw new RequestError(400, message, "invalid_request_error", "context_length_exceeded");
  }
  const answer: frames.Answer = {
    id: `${asked.kind === "chat" ? "chatcmpl" : "cmpl"}-${crypto.randomUUID()}`,
    kind: asked.kind,
    model: model.name,
    created_s: Math.floor(Date.now() / 1000),
  };
  const left = new AbortController();
  const options: GenerationOptions = {
    max_tokens: Math.min(asked.max_tokens ?? room, room),
    temperature: asked.temperature,
    seed: asked.seed,
    ignore_eos: asked.ignore_eos || model.card.weights === "random",
    signal: AbortSignal.any([signal, left.signal]),
  };
  const steps = generate(model, tokens, options);
  if (!asked.stream) return Response.json(await collect(answer, steps));
  const body = streamOf(framesOf(answer, steps, asked.include_usage), () => left.abort());
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
  });
}

/** Each token's text, then the counts and times, which leave out the wait for a free slot. */
async function* generate(
  model: Served,
  tokens: readonly number[],
  options: GenerationOptions,
): AsyncGenerator<Step> {
  using counted = model.counters.enter();
  using loan = await model.slots.borrow(options.signal);
  counted.serve(tokens.length);
  const started = performance.now();
  let first: number | undefined;
  let count = 0;
  const pieces = loan.item.generate(tokens, options);
  let piece = await pieces.next();
  for (; !piece.done; piece = await pieces.next()) {
    first ??= performance.now();
    count += 1;
    model.counters.token();
    yield { text: piece.value };
  }
  const ended = performance.now();
  const tally = {
    prompt_tokens: tokens.length,
    completion_tokens: count,
    prompt_ms: (first ?? ended) - started,
    predicted_ms: ended - (first ?? ended),
  };
  yield { finish: piece.value, tally };
}

async function collect(answer: frames.Answer, steps: AsyncIterable<Step>): Promise<object> {
  let text = "";
  for await (const step of steps) {
    if ("text" in step) text += step.text;
    else return frames.wholeAnswer(answer, text, step.finish, step.tally);
  }
  throw new Error("the generation ended without a reason");
}

async function* framesOf(
  answer: frames.Answer,
  steps: AsyncIterable<Step>,
  includeUsage: boolean,
): AsyncGenerator<string> {
  let opened = false;
  for await (const step of steps) {
    const opening = opened ? [] : frames.openingFrames(answer);
    opened = true;
    const rest = "text" in step
      ? [frames.tokenFrame(answer, step.text)]
      : frames.closingFrames(answer, step.finish, step.tally, includeUsage);
    yield [...opening, ...rest].map(frames.sse).join("");
  }
  yield frames.sse("[DONE]");
}

/** Sends each text as soon as it is there, never waiting for the reader: slots that run together stay in step. */
function streamOf(texts: AsyncIterable<string>, abort: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let open = true;
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      for await (const text of texts) {
        if (!open) return;
        controller.enqueue(encoder.encode(text));
      }
    } catch (error) {
      if (!open) return;
      controller.enqueue(
        encoder.encode(frames.sse(frames.errorBody(500, String(error), "server_error", null))),
      );
    }
    if (open) controller.close();
  };
  return new ReadableStream({
    start(controller) {
      pump(controller);
    },
    cancel() {
      open = false;
      abort();
    },
  });
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new RequestError(400, "the body is not JSON", "invalid_request_error");
  }
}

function errorResponse(status: number, message: string, type: string, code: string | null): Response {
  return Response.json(frames.errorBody(status, message, type, code), { status });
}
