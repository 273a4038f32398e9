// Only a good end is a success: every way in which engines say that an answer has failed, and every way in which they end a good one.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { GOOD_ENDS } from "../pipeline/schema/ends.ts";
import {
  ask,
  delta,
  DONE,
  type Engine,
  event,
  json,
  LAST,
  line,
  lineFor,
  said,
  stream,
  USAGE,
} from "./exchange_fixtures.ts";
import { CHUNKED } from "./http_fixtures.ts";

const TEXT = said("a") + said("b");
const piece = line({ response: "a", done: false });
const done = (done_reason: string | null) => line({ response: "", done: true, done_reason, eval_count: 1 });
/** An answer of content type `type`. */
const typed = (type: string, body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${
    new TextEncoder().encode(body).length
  }\r\n\r\n${body}`;

for (
  const end of [
    "stop",
    "length",
    "tool_calls",
    "function_call",
    "eos",
    "eos_token",
    "stop_sequence",
    "STOP",
    "tool-calls",
  ]
) {
  Deno.test(`an answer that ends as ${end} is a success, and the word is kept`, async () => {
    const { err, stop } = await lineFor("openai", stream(TEXT, delta({}, end), USAGE, DONE));
    deepEqual([err, stop], [false, end]);
  });
}

for (
  const end of [
    "abort",
    "error",
    "timeout",
    "content_filter",
    "parse_error",
    "cancelled",
    "insufficient_system_resource",
    "never heard of",
  ]
) {
  Deno.test(`an answer that ends as ${end} is a failure that names the word, whatever follows`, async () => {
    const { err, error_class, error_msg, stop } = await lineFor(
      "openai",
      stream(TEXT, delta({}, end), USAGE, DONE),
    );
    deepEqual([err, error_class, stop], [true, "in_stream", end]);
    match(String(error_msg), new RegExp(`ended the answer as "${end}"; good ends are stop, length, `));
  });
}

for (const word of ["load", "unload", "error"]) {
  Deno.test(`Ollama's last line with ${word} is a failure: the model was taken away or never asked`, async () => {
    const { err, error_class } = await lineFor("ollama", stream(piece, done(word)));
    deepEqual([err, error_class], [true, "in_stream"]);
  });
}

for (const word of ["stop", "length", "", null]) {
  Deno.test(`Ollama's last line with ${JSON.stringify(word)} is a good end`, async () => {
    equal((await lineFor("ollama", stream(piece, done(word)))).err, false);
  });
}

for (const empty of ["", "null", "None", null]) {
  Deno.test(`a finish reason of ${JSON.stringify(empty)} is no end`, async () => {
    const pieces = [said("a"), delta({ content: "b" }, empty), delta({ content: "c" }, empty)];
    const { error_class, error_msg, frames } = await lineFor("openai", stream(...pieces));
    deepEqual([error_class, frames], ["truncated", 3]);
    match(String(error_msg), /ended early/);
    equal((await lineFor("openai", stream(...pieces, delta({}, "stop"), DONE))).err, false);
  });
}

const DIED = "worker died";
const SHAPES: Readonly<Record<string, readonly [Engine, string]>> = {
  "an event named error": ["openai", `event: error\n${event({ message: DIED })}`],
  "an event named error whose data is a text": ["openai", `event: error\ndata: ${DIED}\n\n`],
  "an event named error with a nested error": [
    "openai",
    `event: error\n${event({ error: { message: DIED } })}`,
  ],
  "an event named error that says why in a comment": ["openai", `event: error\n: ${DIED}\n\n`],
  "FastAPI's detail": ["openai", event({ detail: DIED })],
  "FastAPI's list of details": [
    "openai",
    event({ detail: [{ loc: ["body"], msg: DIED, type: "value_error" }] }),
  ],
  "an error as text": ["openai", event({ error: DIED })],
  "an error as an object": ["openai", event({ error: { message: DIED, code: 500 } })],
  "an error beside empty choices": ["openai", event({ choices: [], error: { message: DIED } })],
  "a list of errors": ["openai", event({ errors: [{ message: DIED }] })],
  "an error inside the choice": [
    "openai",
    event({ choices: [{ index: 0, delta: { content: "" }, error: { message: DIED } }] }),
  ],
  "a choice that ended in an error": [
    "openai",
    event({
      choices: [{ index: 0, delta: {}, finish_reason: "error", error: { code: 502, message: DIED } }],
    }),
  ],
  "an object of type error": ["openai", event({ object: "error", message: DIED, code: 500 })],
  "a bare message": ["openai", event({ message: DIED, type: "server_error" })],
  "a code with a message": ["openai", event({ code: 50001, msg: DIED })],
  "a field of llama-server's": ["openai", `error: {"code":500,"message":"${DIED}"}\n\n`],
  "an error flag with a message": ["openai", event({ error: true, message: DIED })],
  "Ollama's error": ["ollama", line({ error: DIED })],
  "an error object under Ollama's protocol": ["ollama", line({ error: { message: DIED } })],
  "FastAPI's detail under Ollama's protocol": ["ollama", `${JSON.stringify({ detail: DIED })}\n`],
};
for (const [shape, [engine, bytes]] of Object.entries(SHAPES)) {
  for (const [where, before] of [["after text", true], ["as the first frame", false]] as const) {
    Deno.test(`${shape}, ${where}, is a failure with its words, though the stream then ends well`, async () => {
      const text = engine === "ollama" ? piece : TEXT;
      const end = engine === "ollama" ? LAST : `${delta({}, "stop")}${USAGE}${DONE}`;
      const { error_class, error_msg } = await lineFor(engine, stream(...before ? [text] : [], bytes, end));
      deepEqual([error_class, error_msg], ["in_stream", DIED]);
    });
  }
}

Deno.test("an empty error beside a piece of an answer is none, as servers send it in every piece", async () => {
  for (const error of [null, "", false, 0, {}, { message: "", code: 0 }, []]) {
    const frame = event({
      choices: [{ index: 0, delta: { content: "a" }, finish_reason: null, error }],
      error,
    });
    equal(
      (await lineFor("openai", stream(frame, delta({}, "stop"), DONE))).err,
      false,
      JSON.stringify(error),
    );
    equal((await lineFor("ollama", stream(line({ response: "a", done: false, error }), LAST))).err, false);
  }
  equal(
    (await lineFor("openai", stream(TEXT, event({ error: {} }), DONE))).error_msg,
    "an error without words",
  );
});

Deno.test("an answer that is no stream says what came instead, with its type and its first bytes", async () => {
  const whole = {
    object: "chat.completion",
    choices: [{ index: 0, message: { content: "one two" }, finish_reason: "stop" }],
  };
  const cases: readonly (readonly [Engine, string, RegExp])[] = [
    [
      "openai",
      json("200 OK", JSON.stringify(whole)),
      /^HTTP 200 with application\/json instead of a stream: \{"object":"chat\.comp/,
    ],
    [
      "openai",
      json("200 OK", JSON.stringify({ detail: "no such route" })),
      /^HTTP 200 with application\/json .*: no such route$/,
    ],
    [
      "openai",
      typed("text/html; charset=utf-8", "<html>\n<h1>Sign in</h1>"),
      /with text\/html; charset=utf-8 .*<html>\n<h1>Sign in/,
    ],
    [
      "ollama",
      typed("text/html", "<!doctype html>\n<p>Sign in"),
      /^HTTP 200 with text\/html instead of a stream: <!doctype html>/,
    ],
    [
      "ollama",
      json("200 OK", JSON.stringify({ response: "a b", done: true, done_reason: "stop", eval_count: 2 })),
      /instead of a stream/,
    ],
    [
      "openai",
      `HTTP/1.1 200 OK\r\n\r\nhello`,
      /^HTTP 200 without a content type instead of a stream: hello$/,
    ],
    ["openai", typed("text/plain", `${"x".repeat(299)}🙂🙂`), /instead of a stream: x{299}$/],
  ];
  for (const [engine, answer, words] of cases) {
    const { error_class, error_msg } = await lineFor(engine, answer);
    equal(error_class, "http", error_msg ?? "");
    match(String(error_msg), words);
    ok(error_msg?.isWellFormed());
  }
});

Deno.test("an error object that is no event, in a stream without any other, is a failure with its words", async () => {
  for (const body of [{ detail: DIED }, { error: { message: DIED } }]) {
    const { error_class, error_msg } = await lineFor(
      "openai",
      typed("text/event-stream", JSON.stringify(body)),
    );
    deepEqual([error_class, error_msg], ["in_stream", DIED]);
  }
  const pings = await lineFor("openai", typed("text/event-stream", ": ping\n\n: ping\n\n"));
  equal(pings.error_class, "truncated");
});

Deno.test("a whole answer that comes as the one frame of a stream is no stream either", async () => {
  const whole = event({
    choices: [{ index: 0, message: { role: "assistant", content: "one two" }, finish_reason: "stop" }],
  });
  const { error_class, error_msg } = await lineFor("openai", stream(whole, DONE));
  equal(error_class, "in_stream");
  match(String(error_msg), /whole answer in one piece/);
});

Deno.test("an answer of type text that streams all the same is read", async () => {
  const body = TEXT + delta({}, "stop") + USAGE + DONE;
  equal((await lineFor("openai", typed("text/plain", body))).err, false);
  equal((await lineFor("ollama", typed("application/json", piece + LAST))).err, false);
});

/** Sends `text` in two pieces, cut at every place. */
async function everyCut(
  text: string,
  look: (frames: number, tok: number | undefined) => void,
): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let cut = 1; cut < bytes.length; cut += 7) {
    const result = await ask("openai", async (request) => {
      await request.write(CHUNKED, `${cut.toString(16)}\r\n`, bytes.slice(0, cut), "\r\n");
      await request.write(`${(bytes.length - cut).toString(16)}\r\n`, bytes.slice(cut), "\r\n0\r\n\r\n");
    });
    equal(result.error, null, `cut at ${cut}`);
    look(result.frames, result.counts.tok);
  }
}

for (const [name, end] of [["CR", "\r"], ["CR LF", "\r\n"], ["LF", "\n"]] as const) {
  Deno.test(`lines may end in ${name}, with pings, comments, a mark at the start and blanks around [DONE]`, async () => {
    const text =
      `\uFEFF: hello\n\ndata:   \n\ndata:\n\n${delta({ role: "assistant" })}id: 7\nretry: 5\n${
        said("grüße")
      }: ping\n\n` +
      `${
        said("b").replace("data: ", "data:")
      }data: {"choices":[{"delta":{"content":\ndata: "c"},"finish_reason":null}]}\n\n` +
      `event: message\n${delta({}, "stop")}${USAGE}data:  [DONE]  \n\n`;
    await everyCut(text.replaceAll("\n", end), (frames, tok) => deepEqual([frames, tok], [3, 5]));
  });
}

Deno.test("what an engine says reaches the evidence as whole characters, wherever it is cut and whatever it escapes", async () => {
  const long = "x".repeat(79) + "😀".repeat(200);
  const bad: readonly (readonly [Engine, string])[] = [
    ["openai", stream(TEXT, `data: ${long}\n\n`)],
    ["ollama", stream(piece, `${long}\n`)],
    ["openai", stream(TEXT, event({ error: { message: long.slice(0, 299) } }))],
    ["openai", stream(TEXT, 'data: {"error":{"message":"half \\ud83d of one"}}\n\n')],
    [
      "openai",
      stream(TEXT, `data: {"choices":[{"delta":{},"finish_reason":"${"y".repeat(59)}\\ud83d\\ude00"}]}\n\n`),
    ],
    ["openai", json("500 Oops", JSON.stringify({ error: long.repeat(9) }))],
    ["openai", json("500 Oops", `${"x".repeat(299)}😀`)],
  ];
  for (const [engine, answer] of bad) {
    const { err, error_msg, stop } = await lineFor(engine, answer);
    equal(err, true);
    ok(String(error_msg).isWellFormed() && String(stop).isWellFormed(), String(error_msg));
    ok(String(error_msg).length <= 400, String(error_msg));
  }
});

Deno.test("the good ends are those of the engines, in one list", () => {
  ok(["stop", "length", "eos", "tool_calls", "function_call"].every((word) => GOOD_ENDS.includes(word)));
  ok(
    ["abort", "error", "timeout", "content_filter", "load", "unload"].every((word) =>
      !GOOD_ENDS.includes(word)
    ),
  );
});
