// One request to a server whose every byte the test decides, and the pieces of which answers are made.
import { readConfig } from "../pipeline/agent/config.ts";
import { type Exchange, exchange } from "../pipeline/agent/exchange.ts";
import { Failure } from "../pipeline/agent/failure.ts";
import { Hearing } from "../pipeline/agent/hearing.ts";
import { HttpClient } from "../pipeline/agent/http/client.ts";
import { lineOf, type Place } from "../pipeline/agent/record.ts";
import { ollamaWire } from "../pipeline/agent/wire/ollama.ts";
import { openaiWire } from "../pipeline/agent/wire/openai.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import { type RawRequest, rawServer } from "./fakes/raw_server.ts";
import { prompt } from "./fixtures.ts";
import { CHUNKED } from "./http_fixtures.ts";

export type Engine = "ollama" | "openai";
const WIRES = { ollama: ollamaWire, openai: openaiWire };

export const PLACE: Place = {
  n: 3,
  phase: "measure",
  level: 2,
  prompt: prompt("hello"),
  origin: 0,
  scheduled: 0,
};

/** Asks a server that answers as told; each frame with text is told to `onFrame`. */
export async function ask(
  engine: Engine,
  answer: (request: RawRequest) => Promise<boolean | void>,
  { timeout_seconds = 60, stop = new AbortController().signal, onFrame = () => {}, model = "m" } = {},
) {
  await using server = rawServer(answer);
  using client = new HttpClient();
  const config = readConfig({ MODEL: model, URL: `http://127.0.0.1:${server.port}` }, new Date(0));
  const wire = WIRES[engine](config);
  return await exchange(prompt("hello"), {
    wire,
    client,
    config: { api_key: "key", timeout_seconds },
    stop,
    onFrame,
  });
}

/** What is heard of an answer whose parts come at these times, milliseconds after it was asked for; a Failure becomes its error. */
export function heard(engine: Engine, parts: readonly (readonly [at: number, bytes: string])[]): Exchange {
  const wire = WIRES[engine](readConfig({ MODEL: "m" }, new Date(0)));
  const draft = Hearing.draft();
  const hearing = new Hearing(draft, wire.reader(), () => undefined);
  draft.sent = 0;
  try {
    hearing.head({ status: 200, headers: new Map(), keep_alive: true }, 0);
    for (const [at, bytes] of parts) hearing.bytes(new TextEncoder().encode(bytes), at);
    draft.end = parts.at(-1)?.[0] ?? 0;
    hearing.end(draft.end);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    draft.error = { kind: error.kind, message: error.message };
  }
  return draft;
}

/** The line of such an answer. */
export function lineOfHeard(...args: Parameters<typeof heard>): RequestLine {
  return RequestLine.parse(lineOf(heard(...args), PLACE));
}

/** The line of a request that is answered with these bytes. */
export async function lineFor(engine: Engine, answer: string): Promise<RequestLine> {
  return lineOf(await ask(engine, (request) => request.write(answer)), PLACE);
}

export const chunk = (text: string) => `${new TextEncoder().encode(text).length.toString(16)}\r\n${text}\r\n`;
export const json = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${
    new TextEncoder().encode(body).length
  }\r\n\r\n${body}`;
export const stream = (...parts: string[]) => `${CHUNKED}${parts.map(chunk).join("")}0\r\n\r\n`;
export const event = (data: object | string) =>
  `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
export const delta = (fields: object, finish_reason: string | null = null) =>
  event({ choices: [{ index: 0, delta: fields, finish_reason }] });
export const said = (text: string) => delta({ content: text });
export const FINISH = delta({}, "length");
export const usage = (completion_tokens: number, more: object = {}) =>
  event({ choices: [], usage: { prompt_tokens: 7, completion_tokens, ...more } });
export const USAGE = usage(5);
export const DONE = event("[DONE]");
export const line = (fields: object) => `${JSON.stringify({ model: "m", ...fields })}\n`;
export const LAST = line({
  response: "",
  done: true,
  done_reason: "stop",
  prompt_eval_count: 7,
  eval_count: 5,
});
