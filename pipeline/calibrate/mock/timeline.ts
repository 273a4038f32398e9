// A stream as bytes with the times they are due, made once and shared by all streams of the same name. Pure.
import { gzipSync } from "node:zlib";
import { type Protocol, shows, type Speech, speechOf } from "./frames.ts";
import { joined } from "./joined.ts";
import { dueOf, type StreamPlan } from "./plan.ts";

export interface Step {
  /** Milliseconds after the whole request was there. */
  readonly due_ms: number;
  readonly bytes: Uint8Array;
  /** True when these bytes complete a chunk with text. */
  readonly chunk: boolean;
}

export interface Timeline {
  readonly steps: readonly Step[];
  /** What follows the last step: the next request, the connection's end, or nothing at all. */
  readonly then: "next" | "close" | "hang";
}

interface Said {
  readonly due_ms: number;
  readonly text: string;
  readonly chunk: boolean;
}

const encoder = new TextEncoder();
const TEXT = " café";
const PAGE = "<!doctype html>\n<title>Sign in</title>\n<h1>Sign in</h1>\n";
/** Of what is held back so many chunks go out at once. */
const HEAP = 4;

/** Everything that a stream sends, from its status line on. */
export function timelineOf(protocol: Protocol, model: string, plan: StreamPlan): Timeline {
  const speech = speechOf(protocol, model, plan);
  if (plan.quirks.has("page")) return wholeAnswer("text/html", PAGE, plan, false);
  if (plan.quirks.has("whole")) {
    return wholeAnswer(
      "application/json",
      speech.whole(TEXT.repeat(plan.n * plan.tokens)),
      plan,
      protocol === "ollama",
    );
  }
  const said = saidBy(speech, plan);
  const head = headSteps(speech.type, plan);
  if (plan.quirks.has("gzip")) return { steps: [...head, ...zipped(said)], then: "next" };
  const body = said.flatMap((one) => stepsOf(one, plan.quirks.has("split")));
  if (plan.quirks.has("close_mid")) return { steps: [...head, ...cut(body)], then: "close" };
  if (plan.quirks.has("hang")) return { steps: [...head, ...body], then: "hang" };
  return { steps: [...head, ...body, lastStep(said)], then: "next" };
}

function saidBy(speech: Speech, plan: StreamPlan): Said[] {
  const { quirks } = plan;
  const isError = quirks.has("error_200") || quirks.has("detail") || quirks.has("error_event");
  const isBroken = isError || quirks.has("close_mid");
  const chunks = isBroken ? Math.min(plan.n, plan.at) : plan.n;
  const said: Said[] = speech.opening().map((text) => ({ due_ms: dueOf(plan, 0) / 2, text, chunk: false }));
  for (let index = 0; index < chunks; index++) {
    const due_ms = dueOf(plan, quirks.has("heaps") ? heldUntil(index, chunks) : index);
    if (quirks.has("pings") || quirks.has("blank_data")) {
      said.push({ due_ms, text: speech.ping(), chunk: false });
    }
    const text = index === 0 && plan.giant > 0 ? "x".repeat(plan.giant) : TEXT.repeat(plan.tokens);
    said.push({ due_ms, text: speech.chunk(text, index), chunk: shows(plan, index) });
  }
  const end = (text: string) => ({ due_ms: dueOf(plan, Math.max(0, chunks - 1)), text, chunk: false });
  if (isError) return [...said, end(speech.error("the mock engine died"))];
  if (quirks.has("close_mid")) return [...said, end(speech.chunk(TEXT, chunks))];
  if (quirks.has("no_end") || quirks.has("hang")) return said;
  return [...said, ...speech.closing().map(end)];
}

/** The last chunk of the heap to which one belongs. */
function heldUntil(index: number, chunks: number): number {
  return Math.min(chunks - 1, index - index % HEAP + HEAP - 1);
}

/** All at once, when the last chunk would be due; of Ollama it is one chunk. */
function wholeAnswer(type: string, text: string, plan: StreamPlan, chunk: boolean): Timeline {
  const due_ms = dueOf(plan, plan.n - 1);
  const bytes = encoder.encode(text);
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  return { steps: [{ due_ms, bytes: joined([encoder.encode(head), bytes]), chunk }], then: "next" };
}

function headSteps(type: string, plan: StreamPlan): Step[] {
  const bytes = encoder.encode(
    `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n` +
      `${plan.quirks.has("gzip") ? "content-encoding: gzip\r\n" : ""}\r\n`,
  );
  if (!plan.quirks.has("drip")) return [{ due_ms: plan.headers, bytes, chunk: false }];
  return Array.from(bytes, (byte, index) => ({
    due_ms: plan.headers + 2 * index,
    bytes: Uint8Array.of(byte),
    chunk: false,
  }));
}

function stepsOf({ due_ms, text, chunk }: Said, split: boolean): Step[] {
  const bytes = encoder.encode(text);
  if (!split) return [{ due_ms, bytes: httpChunk(bytes), chunk }];
  const pieces: Step[] = [];
  for (let from = 0; from < bytes.length; from += 7) {
    const isLast = from + 7 >= bytes.length;
    pieces.push({ due_ms, bytes: httpChunk(bytes.subarray(from, from + 7)), chunk: chunk && isLast });
  }
  return pieces;
}

/** The last step's bytes end in their middle. */
function cut(steps: readonly Step[]): Step[] {
  const last = steps.at(-1);
  if (last === undefined) return [];
  return [...steps.slice(0, -1), { ...last, bytes: last.bytes.subarray(0, last.bytes.length / 2) }];
}

function zipped(said: readonly Said[]): Step[] {
  const bytes = gzipSync(encoder.encode(said.map(({ text }) => text).join("")));
  return [{ due_ms: said.at(-1)?.due_ms ?? 0, bytes: httpChunk(bytes), chunk: false }, lastStep(said)];
}

function lastStep(said: readonly Said[]): Step {
  return { due_ms: said.at(-1)?.due_ms ?? 0, bytes: encoder.encode("0\r\n\r\n"), chunk: false };
}

function httpChunk(bytes: Uint8Array): Uint8Array {
  const head = encoder.encode(`${bytes.length.toString(16)}\r\n`);
  const framed = new Uint8Array(head.length + bytes.length + 2);
  framed.set(head);
  framed.set(bytes, head.length);
  framed.set([13, 10], head.length + bytes.length);
  return framed;
}
