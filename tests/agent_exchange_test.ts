// One request from its sending to its line of evidence: every shape of error that engines have, and every time.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chunkLineOf, lineOf } from "../pipeline/agent/record.ts";
import { ChunkLine } from "../pipeline/schema/chunk.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import {
  ask,
  chunk,
  delta,
  DONE,
  FINISH,
  json,
  LAST,
  line,
  PLACE as place,
  said,
  stream,
  USAGE,
} from "./exchange_fixtures.ts";
import type { RawRequest } from "./fakes/raw_server.ts";
import { CHUNKED } from "./http_fixtures.ts";

for (
  const [what, engine, answer, expected] of [
    [
      "a nested error",
      "openai",
      json("400 Bad Request", '{"error":{"message":"too long","type":"BadRequestError","code":400}}'),
      ["http", 400, /^HTTP 400: too long$/, 0],
    ],
    [
      "a flat error",
      "openai",
      json("400 Bad Request", '{"object":"error","message":"too long","code":400}'),
      ["http", 400, /^HTTP 400: too long$/, 0],
    ],
    ["an error as text", "ollama", json("404 Not Found", '{"error":"model not found"}'), [
      "http",
      404,
      /^HTTP 404: model not found$/,
      0,
    ]],
    ["an error of the framework", "openai", json("422 Unprocessable", '{"detail":"no"}'), [
      "http",
      422,
      /^HTTP 422: no$/,
      0,
    ]],
    ["an error that is no JSON", "openai", json("502 Bad Gateway", "<html>bad</html>"), [
      "http",
      502,
      /^HTTP 502: <html>bad<\/html>$/,
      0,
    ]],
    ["an error without a body", "openai", json("503 Busy", ""), ["http", 503, /^HTTP 503: $/, 0]],
    ["an error whose body is cut", "openai", "HTTP/1.1 500 Oops\r\nContent-Length: 99\r\n\r\nout of", [
      "http",
      500,
      /^HTTP 500: out of$/,
      0,
    ]],
    ["an endless error", "openai", `HTTP/1.1 500 Oops\r\n\r\n${"x".repeat(200_000)}`, [
      "http",
      500,
      /^HTTP 500: x{300}$/,
      0,
    ]],
    ["a redirect", "openai", "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", [
      "http",
      302,
      /redirect to \/login, which is not followed/,
      0,
    ]],
    ["an error event under 200", "openai", stream('data: {"error":{"message":"too long","code":400}}\n\n'), [
      "in_stream",
      200,
      /^too long$/,
      0,
    ]],
    [
      "an error field under 200",
      "openai",
      stream(said("a"), 'error: {"code":500,"message":"too long","type":"server_error"}\n\n'),
      ["in_stream", 200, /^too long$/, 1],
    ],
    [
      "an error line under 200",
      "ollama",
      stream(line({ response: "a", done: false }), '{"error":"out of memory"}\n'),
      ["in_stream", 200, /^out of memory$/, 1],
    ],
    [
      "an error behind text",
      "openai",
      stream(said("a"), said("b"), 'data: {"object":"error","message":"died"}\n\n', said("c")),
      ["in_stream", 200, /^died$/, 2],
    ],
    ["a frame that is no JSON", "openai", stream(said("a"), "data: <html>\n\n"), [
      "in_stream",
      200,
      /^a frame is not JSON: <html>$/,
      1,
    ]],
    ["a stream that ends before its finish", "openai", stream(said("a"), said("b")), [
      "truncated",
      200,
      /ended early, after 2 frames/,
      2,
    ]],
    ["a stream that closes inside a chunk", "openai", `${CHUNKED}${chunk(said("a"))}ff\r\ndata: {"ch`, [
      "truncated",
      200,
      /ended before its end/,
      1,
    ]],
    ["a stream without its done line", "ollama", stream(line({ response: "a", done: false })), [
      "truncated",
      200,
      /ended early, after 1 frames/,
      1,
    ]],
    [
      "an answer without any text",
      "openai",
      stream(delta({ role: "assistant", content: "" }), FINISH, DONE),
      ["empty", 200, /no text/, 0],
    ],
    ["an answer without any bytes", "openai", stream(), ["truncated", 200, /after 0 frames/, 0]],
    ["an answer that is no HTTP", "openai", "nonsense\r\n\r\n", ["http", null, /not HTTP/, 0]],
    ["no answer", "openai", "", ["connect", null, /without an answer/, 0]],
  ] as const // deno-fmt-ignore
) {
  Deno.test(`${what} is a failure of class ${expected[0]} with its words and counts`, async () => {
    const [kind, http, words, frames] = expected;
    const result = await ask(engine, (request) => request.write(answer));
    deepEqual([result.error?.kind, result.http, result.frames], [kind, http, frames]);
    match(String(result.error?.message), words);
    equal(result.text_times.length, frames);
  });
}

for (
  const [what, engine, answer, expected] of [
    ["usage gives the counts", "openai", stream(said("a"), said("b"), FINISH, USAGE, DONE), [5, 2, "length"]],
    ["without usage there is no count", "openai", stream(said("a"), FINISH, DONE), [undefined, 1, "length"]],
    ["without a finish reason [DONE] is the end", "openai", stream(said("a"), USAGE, DONE), [5, 1, null]],
    ["without [DONE] the finish reason is the end", "openai", stream(said("a"), FINISH, USAGE), [
      5,
      1,
      "length",
    ]],
    ["the last blank line may be missing", "openai", stream(said("a"), FINISH, USAGE.trimEnd()), [
      5,
      1,
      "length",
    ]],
    [
      "a body until the close is whole with its done line",
      "ollama",
      `HTTP/1.0 200 OK\r\n\r\n${line({ response: "a", done: false })}${LAST}`,
      [5, 1, "stop"],
    ],
  ] as const // deno-fmt-ignore
) {
  Deno.test(`of an answer that succeeds: ${what}`, async () => {
    const { error, counts, frames, stop } = await ask(engine, (request) => request.write(answer));
    deepEqual([error, counts.tok, frames, stop], [null, ...expected]);
  });
}

for (
  const [where, start, frames] of [
    ["before its head", "", 0],
    ["inside its head", "HTTP/1.1 200", 0],
    ["inside a frame", `${CHUNKED}${chunk(said("a"))}`, 1],
    ["before [DONE]", `${CHUNKED}${chunk(said("a") + FINISH + USAGE)}`, 1],
  ] as const
) {
  Deno.test(`a server that stalls ${where} ends as timeout`, async () => {
    const stall = async (request: RawRequest) => {
      await request.write(start);
      await request.left();
    };
    const { error, frames: counted } = await ask("openai", stall, { timeout_seconds: 0.05 });
    deepEqual([error?.kind, error?.message, counted], ["timeout", "no end after 0.05 s", frames]);
  });
}

Deno.test("a server that never stops announcing its answer ends as timeout", async () => {
  const announce = async (request: RawRequest) => {
    for (;;) await request.write("HTTP/1.1 103 Early Hints\r\n\r\n");
  };
  equal((await ask("openai", announce, { timeout_seconds: 0.05 })).error?.kind, "timeout");
});

Deno.test("a request that is stopped in the middle of its answer is told as such", async () => {
  const stop = new AbortController();
  const stall = async (request: RawRequest) => {
    await request.write(CHUNKED, chunk(said("a")));
    await request.left();
  };
  const { error, frames } = await ask("openai", stall, { stop: stop.signal, onFrame: () => stop.abort() });
  deepEqual([error?.kind, frames], ["stopped", 1]);
});

const MIB = 1024 * 1024;
for (const [size, kind] of [[8 * MIB - 100, undefined], [9 * MIB, "in_stream"]] as const) {
  Deno.test(`a line of ${Math.ceil(size / MIB)} MiB is ${kind === undefined ? "read" : "refused"}`, async () => {
    const text = line({ response: "x".repeat(size), done: false });
    const result = await ask("ollama", (request) => request.write(stream(text, LAST)));
    deepEqual([result.error?.kind, result.frames], [kind, kind === undefined ? 1 : 0]);
    if (kind !== undefined) match(String(result.error?.message), /longer than 8 MiB/);
  });
}

/** Asks a server that sends each part with text only when the text before it has been heard. */
async function stepwise(...parts: string[]) {
  const texts = parts.slice(0, -1).map(() => Promise.withResolvers<void>());
  let frames = 0;
  const onFrame = () => texts[frames++]?.resolve();
  const answer = async (request: RawRequest) => {
    await request.write(CHUNKED);
    for (const [index, part] of parts.entries()) {
      await request.write(chunk(part));
      await texts[index]?.promise;
    }
    await request.write("0\r\n\r\n");
  };
  return await ask("openai", answer, { onFrame });
}

Deno.test("a request's times are in order: sent, head, first frame, reasoning, answer, last text, end", async () => {
  const result = await stepwise(
    delta({ role: "assistant" }) + delta({ reasoning_content: "hm" }),
    said("a"),
    said("b"),
    FINISH + USAGE + DONE,
  );
  const { sent, headers, first_frame, first_text, first_answer, last_text, end } = result;
  const times = [sent, headers, first_frame, first_text, first_answer, last_text, end].map(Number);
  deepEqual(times, times.toSorted((a, b) => a - b));
  deepEqual(result.text_times.toSpliced(0, 1), [first_answer, last_text]);
  deepEqual([result.text_times[0], result.lead_frames, result.frames], [first_text, 1, 3]);
  ok(Number(first_text) < Number(first_answer) && Number(first_answer) < Number(last_text));
});

Deno.test("the lines of a request hold its times on one clock, and the gaps add up to the microsecond", async () => {
  const result = await stepwise(said("a"), said("b"), said("c"), FINISH + DONE);
  const request = RequestLine.parse(lineOf(result, place));
  const chunks = ChunkLine.parse(chunkLineOf(result, place));
  deepEqual([chunks.n, chunks.level, chunks.phase, chunks.gaps_us.length], [3, 2, "measure", 2]);
  equal(chunks.first_ns, request.first_text_ns);
  equal(request.first_answer_ns, request.first_text_ns);
  const span = Number(request.last_text_ns) - Number(request.first_text_ns);
  ok(Math.abs(chunks.gaps_us.reduce((sum, gap) => sum + gap, 0) * 1000 - span) <= 1000);
});

Deno.test("frames that one read brought have a gap of 0, and an answer without text has no line of chunks", async () => {
  const result = await ask("openai", (request) => request.write(stream(said("a") + said("b") + FINISH)));
  deepEqual(chunkLineOf(result, place)?.gaps_us, [0]);
  const refused = await ask("openai", (request) => request.write(json("500 Oops", "{}")));
  equal(chunkLineOf(refused, place), null);
  equal(lineOf(refused, place).first_answer_ns, null);
});
