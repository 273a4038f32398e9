// What engines make of answers in another form: a stranger's machine is left for them, the user's own engine is told of in a sentence.
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { realClock } from "../../pipeline/lib/clock.ts";
import { engines } from "../../pipeline/engines/mod.ts";
import type { EngineWorld } from "../../pipeline/engines/engine.ts";
import { pathsOf } from "../../pipeline/paths.ts";
import { entriesOfMatrix } from "../../pipeline/run/prepare.ts";
import { codeOf } from "../../pipeline/schema/failures.ts";
import { Matrix, Workload } from "../../pipeline/schema/matrix.ts";
import { worldWith } from "../faults/stage.ts";
import { engineWorld } from "../fixtures.ts";

const capacity = Workload.parse({ context_tokens: 1024 });
const host = {
  run: () => Promise.resolve(0),
  launch: () => Promise.reject(new Error("nothing is started here")),
  workdir: "/x",
  gpu_count: 1,
  env: () => undefined,
  port: 1,
};

/** A server that answers each path with this text, and any other with an empty object. */
function saying(answers: Readonly<Record<string, string>>) {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
    (request) => new Response(answers[new URL(request.url).pathname] ?? "{}"),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const running = (url: string) => ({
  url,
  version: null,
  agentEnv: {},
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

const TAGS = '{"models": [{"name": "m"}]}';
const load = (name: "ollama" | "openai") => (url: string, world: EngineWorld) =>
  engines[name].load(running(url), "m", capacity, world);
const decode = (url: string, world: EngineWorld) =>
  engines.ollama.decode?.(running(url), "m", capacity, world) ?? Promise.resolve();
const find = (name: "openai" | "vllm") => (url: string, world: EngineWorld) =>
  engines[name].start({ name, url, api: "chat" }, "m", capacity, world);

for (
  const [what, answers, act] of [
    ["a list of Ollama's models that holds none", { "/api/tags": '{"models": [null]}' }, load("ollama")],
    ["Ollama's models that are no list", { "/api/tags": '{"models": 7}' }, load("ollama")],
    ["a size below nothing", { "/api/tags": '{"models": [{"name": "m", "size": -5}]}' }, load("ollama")],
    [
      "what is loaded that is nothing",
      { "/api/tags": TAGS, "/api/ps": '{"models": [null]}' },
      load("ollama"),
    ],
    [
      "a size beyond all memories",
      { "/api/tags": TAGS, "/api/ps": '{"models": [{"name": "m", "size": 1e308}]}' },
      load("ollama"),
    ],
    ["tokens beyond all numbers", { "/api/generate": '{"eval_count": 1e300, "eval_duration": 1}' }, decode],
    ["a model that has no name", { "/v1/models": '{"data": [{"id": 5}]}' }, find("openai")],
    ["a list of an endpoint that holds none", { "/v1/models": '{"data": [null]}' }, find("vllm")],
  ] as const
) {
  Deno.test(`[hostile_output] an engine on a stranger's machine that answers with ${what} is that machine's fault`, async () => {
    await using server = saying(answers);
    await rejects(act(server.url, engineWorld([], { host })), (error: Error) => {
      equal(codeOf(error), "hostile_output", error.message);
      match(error.message, /^Cannot [a-zA-Z' ]+: in the answer of http:\S+ (models|data|eval_count)\S*: /);
      return true;
    });
  });
}

Deno.test("what the user's own engine lists in another form is left out, and the rest is there", async () => {
  const listed = '[null, 7, {}, {"id": 5, "name": 5}, {"id": "m", "name": "m", "size": 1}]';
  await using server = saying({
    "/v1/models": `{"data": ${listed}}`,
    "/api/tags": `{"models": ${listed}}`,
    "/api/ps": '{"models": [null, {"name": "m", "size": 1, "size_vram": 1}]}',
  });
  await find("openai")(server.url, engineWorld());
  const loaded = await engines.ollama.load(running(server.url), "m", capacity, engineWorld());
  deepEqual([loaded.size_bytes, loaded.weights_bytes], [1, 1]);
});

Deno.test("a list of the user's own engine that is none is refused in a sentence", async () => {
  await using server = saying({ "/v1/models": '{"data": 7}' });
  await rejects(
    find("openai")(server.url, engineWorld()),
    /^UserError: Cannot list the endpoint's models: in the answer of http:\S+ data: it is 7, it must be a list$/,
  );
});

Deno.test("installed models whose names a matrix could not hold are left out, each with its reason", async () => {
  const names = ['"good:1b"', '""', '"a\\u001b[2J\\u202e"', "5", `"${"x".repeat(300)}"`];
  const members = (key: string) => `[null, {}, ${names.map((name) => `{"${key}": ${name}}`).join(", ")}]`;
  await using server = saying({
    "/v1/models": `{"data": ${members("id")}}`,
    "/api/tags": `{"models": ${members("name")}}`,
    "/api/version": '{"version": "0.40.2"}',
  });
  for (const name of ["openai", "ollama"] as const) {
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const entries = await entriesOfMatrix(
      Matrix.parse({
        name: "m",
        tests: [{ engines: [{ name, url: server.url }], models: ["installed"], workloads: [{}] }],
      }),
      {
        paths: pathsOf(Deno.cwd()),
        world: { ...worldWith({}, 1), clock: realClock() },
        log: { info: say, warn: say },
        signal: new AbortController().signal,
        opened: { providers: new Map(), missing: new Map(), hosts: [] },
        allow_spill: false,
        parallel: 1,
        is_estimate: false,
      },
    );
    deepEqual(entries.map(({ model }) => model), ["good:1b"]);
    const left = said.filter((line) => line.includes("left out"));
    equal(left.filter((line) => line === "a model without a name is left out: it is empty").length, 4);
    equal(left[3], "a[2J is left out: it holds the character U+001B, which cannot be seen");
    match(left[5] ?? "", /^x{59}… is left out: it is "x+…, it must not be longer than 200$/);
  }
});
