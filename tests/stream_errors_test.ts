// [DONE] is a good end only where nothing unexplained came before it: errors in shapes of which no list is whole, and what only looks like
// one. Whatever it was, the engine's words are kept.
import { deepEqual, equal, match } from "node:assert/strict";
import {
  delta,
  DONE,
  type Engine,
  event,
  LAST,
  line,
  lineFor,
  said,
  stream,
  USAGE,
} from "./exchange_fixtures.ts";

const DIED = "worker died";
const TEXT = said("a") + said("b");
const PIECE = line({ response: "a", done: false });
const choice = (fields: object) =>
  event({ choices: [{ index: 0, delta: {}, finish_reason: null, ...fields }] });

/** What comes between text and [DONE]. */
const ERRORS: Readonly<Record<string, string>> = {
  "JSON without a field": `${JSON.stringify({ error: { message: DIED } })}\n\n`,
  "JSON without a field, in many lines": `${JSON.stringify({ error: { message: DIED } }, null, 2)}\n\n`,
  "plain words without a field": `${DIED}\n\n`,
  "a detail beside no choices": event({ choices: [], detail: DIED }),
  "a message beside no choices": event({ choices: [], message: DIED }),
  "a message and a code": event({ choices: [], message: DIED, code: 500 }),
  "the code of a base response": event({
    choices: null,
    base_resp: { status_code: 1008, status_msg: DIED },
  }),
  "a status": event({ status: "error", reason: DIED }),
  "a type that ends in error": event({ type: "server_error", message: DIED }),
  "an error in what the choice adds": choice({ delta: { error: DIED } }),
  "an error's message beside the choice": event({
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
    error_msg: DIED,
  }),
  "an error's message of another name": event({
    choices: [{ index: 0, delta: {}, finish_reason: null }],
    error_message: DIED,
  }),
  "a fault": event({ fault: { faultstring: DIED } }),
  "a failure": event({ failure: DIED }),
  "a key in capitals": event({ Error: DIED }),
  "an error in an object of the message's": event({ data: { error: DIED } }),
  "an error in a router's own object": event({ id: "x", choices: [], x_groq: { error: DIED } }),
  "a key that nobody knows": event({ id: "x", model: "m", kaputt: [DIED] }),
  "an event named exception": `event: exception\ndata: ${DIED}\n\n`,
};
for (const [shape, bytes] of Object.entries(ERRORS)) {
  Deno.test(`${shape} before [DONE] is a failure with its words`, async () => {
    const { error_class, error_msg } = await lineFor("openai", stream(TEXT, bytes, DONE));
    deepEqual([error_class, error_msg], ["in_stream", DIED]);
  });
}

for (const told of ["null", "0", "{}"]) {
  Deno.test(`an event named error that tells ${told} before [DONE] is a failure`, async () => {
    const { error_class, error_msg } = await lineFor(
      "openai",
      stream(TEXT, `event: error\ndata: ${told}\n\n`, DONE),
    );
    deepEqual([error_class, error_msg], ["in_stream", "an error without words"]);
  });
}

/** Ends that are none of a good answer, and the words that the failure names. */
const BAD_ENDS: Readonly<Record<string, readonly [Engine, string, string]>> = {
  "an object": ["openai", choice({ finish_reason: { type: "abort" } }), '{"type":"abort"}'],
  "a number": ["openai", choice({ finish_reason: 3 }), "3"],
  "in what the choice adds": ["openai", choice({ delta: { finish_reason: "abort" } }), "abort"],
  "in a second choice": [
    "openai",
    event({ choices: [{ index: 0, delta: {} }, { index: 1, delta: {}, finish_reason: "abort" }] }),
    "abort",
  ],
  "of another key": ["openai", choice({ stop_reason: "abort" }), "abort"],
  "of the model's own server": [
    "openai",
    choice({ finish_reason: "stop", native_finish_reason: "ERROR" }),
    "ERROR",
  ],
  "an object of Ollama's": [
    "ollama",
    line({ response: "", done: true, done_reason: { type: "abort" }, eval_count: 1 }),
    '{"type":"abort"}',
  ],
};
for (const [what, [engine, bytes, word]] of Object.entries(BAD_ENDS)) {
  Deno.test(`a bad end is seen where it is ${what}`, async () => {
    const answer = engine === "ollama" ? stream(PIECE, bytes) : stream(TEXT, bytes, USAGE, DONE);
    const { error_class, error_msg, stop } = await lineFor(engine, answer);
    deepEqual([error_class, stop], ["in_stream", word]);
    match(String(error_msg), /ended the answer as/);
  });
}

Deno.test("a message beside an empty piece of Ollama's is a failure with its words", async () => {
  const odd = line({ response: "", done: false, message: DIED });
  const { error_class, error_msg } = await lineFor("ollama", stream(PIECE, odd, LAST));
  deepEqual([error_class, error_msg], ["in_stream", DIED]);
});

/** What comes between the text of an answer and its good end. */
const NO_ERRORS: Readonly<Record<string, string>> = {
  "a title": event({ title: "New Chat" }),
  "a key that nobody knows": event({ weather: "fine" }),
  "an error that says there is none": event({ choices: [], err: "0", stats: { failure: "none" } }),
  "a message that waits": event({ message: "queue position 3" }),
  "a message with the code of a success": event({ code: 200, message: "ok" }),
  "an event named ping": "event: ping\ndata: ping\n\n",
  "an event that keeps the connection alive": "event: keep-alive\ndata: 2026-01-01\n\n",
  "data that is null": "data: null\n\n",
  "an empty list": "data: []\n\n",
  "a text that stopped it": choice({ stop_reason: "\n" }),
  "a token that stopped it": choice({ stop_reason: 128009 }),
  "a router's word for its own good end": choice({ native_finish_reason: "completed" }),
  "a message that waits, without a field": `${JSON.stringify({ message: "queue position 3" })}\n\n`,
  "a field of a proxy's": "x-trace: 7\n\n",
  "a filter that was not at hand": choice({ content_filter_results: { error: { message: "not filtered" } } }),
};
for (const [what, bytes] of Object.entries(NO_ERRORS)) {
  Deno.test(`${what} before a good end is no failure`, async () => {
    for (
      const answer of [
        stream(TEXT, bytes, delta({}, "stop"), USAGE, DONE),
        stream(bytes, TEXT, delta({}, "stop")),
      ]
    ) {
      const { err, error_msg, frames } = await lineFor("openai", answer);
      deepEqual([err, error_msg, frames], [false, undefined, 2]);
    }
  });
}

for (const word of ["max_length", "max_new_tokens", "COMPLETE"]) {
  Deno.test(`an answer that ends as ${word} is a success`, async () => {
    equal((await lineFor("openai", stream(TEXT, delta({}, word), DONE))).err, false);
  });
}

const typed = (type: string, body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

Deno.test("what is no stream is told though its type is that of one", async () => {
  const bodies = [
    "<html>502 Bad Gateway</html>",
    "upstream connect error",
    JSON.stringify({ choices: [{ message: { content: "a b" }, finish_reason: "stop" }] }),
  ];
  for (const body of bodies) {
    const { error_class, error_msg } = await lineFor("openai", typed("text/event-stream", body));
    deepEqual([error_class, error_msg], [
      "http",
      `HTTP 200 with text/event-stream instead of a stream: ${body}`,
    ]);
  }
});

Deno.test("words that came in place of an answer's end are told with it, up to a bound", async () => {
  for (const words of ["Internal Server Error", "<html>\n<h1>502 Bad Gateway"]) {
    const { error_class, error_msg } = await lineFor("openai", stream(TEXT, words));
    deepEqual(
      [error_class, error_msg],
      ["truncated", `the stream ended early, after 2 frames with text, with: ${words}`],
    );
  }
  const { error_msg } = await lineFor("openai", stream(TEXT, `${"x".repeat(200_000)}\n\n`));
  equal(error_msg?.length, "the stream ended early, after 2 frames with text, with: ".length + 300);
});
