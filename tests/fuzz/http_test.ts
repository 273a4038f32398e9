// Valid answers cut at random places and damaged ones: never a hang, never a crash, the right class, the right counts.
import { deepEqual, equal, ok } from "node:assert/strict";
import { readConfig } from "../../pipeline/agent/config.ts";
import { type Exchange, exchange } from "../../pipeline/agent/exchange.ts";
import { Failure } from "../../pipeline/agent/failure.ts";
import { AnswerReader } from "../../pipeline/agent/http/answer.ts";
import { HttpClient } from "../../pipeline/agent/http/client.ts";
import { openaiWire } from "../../pipeline/agent/wire/openai.ts";
import { type RawRequest, rawServer } from "../fakes/raw_server.ts";
import { prompt } from "../fixtures.ts";

/** The same numbers on every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 2147483648 * below);
  };
}

type Random = ReturnType<typeof generator>;
const encode = (text: string) => new TextEncoder().encode(text);

interface Made {
  readonly bytes: Uint8Array;
  /** Where the body begins. */
  readonly body_at: number;
  /** Where its last message is whole; a CR before may do. */
  readonly whole_at: number;
  readonly frames: number;
  readonly until_close: boolean;
}

/** A good answer with up to twelve frames of text, in one of the three ways to end a body. */
function makeAnswer(random: Random): Made {
  const end = random(2) === 0 ? "\n" : "\r\n";
  const frames = 1 + random(12);
  const event = (data: string) => `data: ${data}${end}${end}`;
  const texts = Array.from(
    { length: frames },
    () => event(JSON.stringify({ choices: [{ delta: { content: "grüße 🙂".repeat(1 + random(3)) } }] })),
  );
  const stream = [
    ...texts.flatMap((text) => random(3) === 0 ? [`: ping${end}${end}`, text] : [text]),
    event('{"choices":[{"delta":{},"finish_reason":"stop"}]}'),
    event('{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":41}}'),
    event("[DONE]"),
  ].join(""); // deno-fmt-ignore
  const early = random(4) === 0 ? "HTTP/1.1 103 Early Hints\r\n\r\n" : "";
  const way = random(3);
  const header = way === 0
    ? "Transfer-Encoding: chunked"
    : way === 1
    ? `Content-Length: ${encode(stream).length}`
    : "Connection: close";
  const head = `${early}HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${header}\r\n\r\n`;
  const trailer = way !== 0 ? "" : random(2) === 0 ? "\r\n0\r\n\r\n" : "\r\n0\r\nX-Trailer: 1\r\n\r\n";
  const body = way === 0 ? chunked(encode(stream), random) : encode(stream);
  const bytes = joined([encode(head), body, encode(trailer)]);
  return {
    bytes,
    body_at: encode(head).length,
    whole_at: bytes.length - trailer.length,
    frames,
    until_close: way === 2,
  };
}

/** In chunks, without what follows the bytes of the last. */
function chunked(bytes: Uint8Array, random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(bytes.length - at, 1 + random(300));
    const extension = random(5) === 0 ? ";a=b" : "";
    parts.push(encode(`${at === 0 ? "" : "\r\n"}${size.toString(16)}${extension}\r\n`));
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** `bytes` in pieces of random length. */
function pieces(bytes: Uint8Array, random: Random): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random(random(2) === 0 ? 8 : 600);
    found.push(bytes.slice(at, at + size));
    at += size;
  }
  return found;
}

/** Asks for `answers` one after another over one client; the server keeps the connection where it may. */
async function askAll(
  answers: readonly Made[],
  timeout_seconds: number,
  random: Random,
): Promise<Exchange[]> {
  const left = [...answers];
  await using server = rawServer(async (request: RawRequest) => {
    const answer = left.shift();
    await request.write(...pieces(answer?.bytes ?? new Uint8Array(0), random));
    return answer?.until_close === false;
  });
  using client = new HttpClient();
  const config = readConfig(
    { MODEL: "m", ENGINE: "openai", URL: `http://127.0.0.1:${server.port}` },
    new Date(0),
  );
  const context = {
    wire: openaiWire(config),
    client,
    config: { api_key: null, timeout_seconds },
    stop: new AbortController().signal,
    onFrame: () => undefined,
  };
  const results: Exchange[] = [];
  for (const _ of answers) results.push(await exchange(prompt("hello"), context));
  return results;
}

Deno.test("good answers in pieces of any size are read whole, over kept connections and new ones", async () => {
  const random = generator(1);
  const answers = Array.from({ length: 200 }, () => makeAnswer(random));
  for (const [index, result] of (await askAll(answers, 60, random)).entries()) {
    deepEqual(
      [result.error, result.frames, result.counts.tok, result.text_times.length],
      [null, answers[index]?.frames, 41, answers[index]?.frames],
    );
  }
});

Deno.test("an answer cut anywhere is connect, truncated, or, when only its end is missing, a success", async () => {
  const random = generator(2);
  const answers = Array.from({ length: 300 }, () => {
    const made = makeAnswer(random);
    const cut = random(made.bytes.length);
    return { ...made, bytes: made.bytes.subarray(0, cut), until_close: true, ends: made.until_close, cut };
  });
  const seen = new Set<string>();
  for (const [index, result] of (await askAll(answers, 60, random)).entries()) {
    const { cut = 0, body_at = 0, whole_at = 0, frames = 0, ends = false } = answers[index] ?? {};
    const kind = result.error?.kind ?? "success";
    seen.add(kind);
    if (cut === 0) equal(kind, "connect");
    else if (cut >= whole_at) deepEqual([kind, result.frames], ["success", frames], `cut at ${cut}`);
    else if (cut < body_at || (!ends && cut < whole_at - 1)) {
      equal(kind, "truncated", `cut at ${cut}: ${result.error?.message}`);
    } else {ok(
        kind === "success" ? result.frames === frames : ["truncated", "in_stream"].includes(kind),
        kind,
      );}
    ok(result.frames <= frames);
  }
  ok(seen.has("truncated") && seen.has("success"));
});

Deno.test("damaged answers end as one of the known classes, with no more text than was sent", async () => {
  const random = generator(3);
  const answers = Array.from({ length: 300 }, () => {
    const made = makeAnswer(random);
    const bytes = made.bytes.slice();
    for (let left = 1 + random(4); left > 0; left--) bytes[random(bytes.length)] = random(256);
    return { ...made, bytes, until_close: true };
  });
  for (const [index, result] of (await askAll(answers, 60, random)).entries()) {
    const kind = result.error?.kind ?? "success";
    ok(["success", "connect", "http", "in_stream", "truncated", "empty"].includes(kind), kind);
    ok(result.frames <= (answers[index]?.frames ?? 0));
    equal(result.text_times.length, result.frames);
  }
});

Deno.test("a reader of answers gives the same for the same bytes wherever they are cut, damaged or not", async () => {
  const random = generator(4);
  for (let round = 0; round < 400; round++) {
    const bytes = makeAnswer(random).bytes.slice();
    for (let left = random(4); left > 0; left--) bytes[random(bytes.length)] = random(256);
    const whole = await readAll([bytes]);
    deepEqual(await readAll(pieces(bytes, random)), whole);
  }
});

/** What a reader makes of `parts`: the body, and the class of what is wrong. */
async function readAll(parts: readonly Uint8Array[]) {
  const body: number[] = [];
  const listener = {
    sending: () => undefined,
    head: () => undefined,
    bytes: (bytes: Uint8Array) => void body.push(...bytes),
  };
  using reader = new AnswerReader(listener);
  try {
    for (const part of parts) {
      await reader.push(part, 1);
      if (reader.complete) break;
    }
    if (!reader.complete) await reader.close();
    return { body, kind: null };
  } catch (error) {
    ok(error instanceof Failure, String(error));
    return { body, kind: error.kind };
  }
}

Deno.test("noise of any kind is refused by a reader of answers or taken, and never breaks it", async () => {
  const random = generator(5);
  const starts = [
    "",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 1",
  ];
  for (let round = 0; round < 400; round++) {
    const noise = Uint8Array.from({ length: random(400) }, () => random(256));
    const bytes = joined([encode(starts[random(starts.length)] ?? ""), noise]);
    const whole = await readAll([bytes]);
    deepEqual(await readAll(pieces(bytes, random)), whole);
  }
});
