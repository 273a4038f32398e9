// An answer ends with its last message: what the connection does then is no part of it, and decides only whether it is used again.
import { deepEqual, equal } from "node:assert/strict";
import { readConfig } from "../pipeline/agent/config.ts";
import { type Exchange, exchange } from "../pipeline/agent/exchange.ts";
import { HttpClient } from "../pipeline/agent/http/client.ts";
import { openaiWire } from "../pipeline/agent/wire/openai.ts";
import { ask, chunk, delta, DONE, type Engine, event, LAST, line, said, USAGE } from "./exchange_fixtures.ts";
import { type RawRequest, rawServer } from "./fakes/raw_server.ts";
import { prompt } from "./fixtures.ts";
import { CHUNKED } from "./http_fixtures.ts";

const ENDED = said("a") + said("b") + delta({}, "stop") + USAGE + DONE;
const ANSWERS: readonly (readonly [Engine, string])[] = [
  ["openai", ENDED],
  ["ollama", line({ response: "a", done: false }) + LAST],
];
for (const [engine, answer] of ANSWERS) {
  Deno.test(`of ${engine} an answer ends with its last message, however long the connection stays open`, async () => {
    const { error, end, last_text, counts } = await ask(engine, async (request) => {
      await request.write(CHUNKED, chunk(answer));
      await request.left();
    });
    deepEqual([error, end, counts.tok], [null, last_text, 5]);
  });

  Deno.test(`of ${engine} an answer is whole with its last message, though the end of its chunks is missing`, async () => {
    const { error, counts } = await ask(engine, async (request) => {
      await request.write(CHUNKED, chunk(answer));
      return false;
    });
    deepEqual([error, counts.tok], [null, 5]);
  });
}

Deno.test("an answer that has but told why it ended is not whole where its chunks are cut: counts may be missing", async () => {
  const { error } = await ask("openai", async (request) => {
    await request.write(CHUNKED, chunk(said("a") + delta({}, "stop")));
    return false;
  });
  equal(error?.kind, "truncated");
});

Deno.test("an error behind the last message is a failure all the same", async () => {
  const { error } = await ask("openai", async (request) => {
    await request.write(CHUNKED, chunk(ENDED + event({ error: { message: "worker died" } })));
    await request.left();
  });
  deepEqual(error, { kind: "in_stream", message: "worker died" });
});

/** Asks twice over one client, and tells the connections on which the requests came. */
async function twice(answer: (request: RawRequest) => Promise<boolean | void>) {
  await using server = rawServer(answer);
  using client = new HttpClient();
  const config = readConfig({ MODEL: "m", URL: `http://127.0.0.1:${server.port}` }, new Date(0));
  const errors: Exchange["error"][] = [];
  for (let n = 0; n < 2; n++) {
    const { error } = await exchange(prompt("hello"), {
      wire: openaiWire(config),
      client,
      config: { api_key: null, timeout_seconds: 60 },
      stop: new AbortController().signal,
      onFrame: () => undefined,
    });
    errors.push(error);
  }
  return { errors, connections: server.requests.map(({ connection }) => connection) };
}

Deno.test("a connection is used again when its answer has ended, and not while anything of it is missing", async () => {
  const clean = await twice(async (request) => {
    await request.write(`${CHUNKED}${chunk(ENDED)}0\r\n\r\n`);
    return true;
  });
  deepEqual(clean.errors, [null, null]);
  equal(new Set(clean.connections).size, 1);
  const lingering = await twice(async (request) => {
    await request.write(CHUNKED, chunk(ENDED));
    await request.left();
  });
  deepEqual(lingering.errors, [null, null]);
  equal(new Set(lingering.connections).size, 2);
});
