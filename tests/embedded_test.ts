// The embedded engine for real: llama.cpp in its own process, a synthetic model, the OpenAI-compatible endpoint.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { type EmbeddedServer, startEmbedded } from "../pipeline/engines/embedded/process.ts";
import { ggufChunks, ggufSize } from "../pipeline/engines/embedded/gguf.ts";
import { shapeOf, syntheticSizes } from "../pipeline/engines/embedded/shapes.ts";
import { gaugesIn, LLAMA_SERVER_NAMES } from "../pipeline/schema/gauges.ts";
import { temporaryRoot } from "./fixtures.ts";

const MODEL = "synthetic:15m";

async function serving<T>(work: (server: EmbeddedServer, modelsDir: string) => Promise<T>): Promise<T> {
  await using root = await temporaryRoot();
  await using server = await startEmbedded({
    model: MODEL,
    slots: 2,
    context: 512,
    modelsDir: root.paths.models,
    log: root.log.info,
    signal: new AbortController().signal,
  });
  return await work(server, root.paths.models);
}

interface Frame {
  choices: { delta?: { content?: string; role?: string }; text?: string; finish_reason: string | null }[];
  usage?: {
    prompt_tokens: number;
    completion_tokens: number;
    prompt_tokens_details: { cached_tokens: number };
  };
  timings?: { prompt_n: number; predicted_n: number; predicted_ms: number };
}

async function stream(url: string, route: string, body: object): Promise<Frame[]> {
  const response = await fetch(`${url}/v1/${route}`, {
    method: "POST",
    body: JSON.stringify({ model: MODEL, stream: true, stream_options: { include_usage: true }, ...body }),
  });
  const events = (await response.text()).split("\n\n").filter((event) => event !== "");
  equal(events.pop(), "data: [DONE]");
  return events.map((event) => JSON.parse(event.slice("data: ".length)));
}

const chat = (text: string, max_tokens: number) => ({
  messages: [{ role: "user", content: text }],
  max_tokens,
});

Deno.test("llama.cpp answers with one frame a token, as many as were asked for, then usage and timings", () =>
  serving(async ({ url }) => {
    const frames = await stream(url, "chat/completions", chat("Tell me about the sea.", 64));
    const texts = frames.filter((frame) => (frame.choices[0]?.delta?.content ?? "") !== "");
    equal(texts.length, 64);
    equal(frames[0]?.choices[0]?.delta?.role, "assistant");
    equal(frames.at(-2)?.choices[0]?.finish_reason, "length");
    const last = frames.at(-1);
    deepEqual([last?.choices.length, last?.usage?.completion_tokens, last?.timings?.predicted_n], [
      0,
      64,
      64,
    ]);
    ok((last?.usage?.prompt_tokens ?? 0) > 5 && (last?.timings?.predicted_ms ?? 0) > 0);
  }));

Deno.test("two requests at once are both answered, and an equal prompt is never served from a cache", () =>
  serving(async ({ url }) => {
    const ask = () => stream(url, "completions", { prompt: "The same words again.", max_tokens: 32 });
    const answers = await Promise.all([ask(), ask(), ask()]);
    for (const frames of answers) {
      equal(frames.filter((frame) => (frame.choices[0]?.text ?? "") !== "").length, 32);
      equal(frames.at(-1)?.usage?.prompt_tokens_details.cached_tokens, 0);
    }
  }));

Deno.test("its counters tell every token, and who is served or waits, under llama-server's names", () =>
  serving(async ({ url }) => {
    const told = async () => gaugesIn(await (await fetch(`${url}/metrics`)).text(), LLAMA_SERVER_NAMES);
    deepEqual(await told(), {
      running: 0,
      waiting: 0,
      generation_tokens: 0,
      prompt_tokens: 0,
      kv_usage: null,
    });
    const ask = () => stream(url, "completions", { prompt: "The sea is", max_tokens: 64 });
    const answers = Promise.all([ask(), ask(), ask()]);
    let seen = await told();
    while ((seen.waiting ?? 0) === 0) seen = await told();
    deepEqual([seen.running, seen.waiting], [2, 1]);
    const prompt = (await answers).map((frames) => frames.at(-1)?.usage?.prompt_tokens ?? 0);
    const { generation_tokens, prompt_tokens, ...rest } = await told();
    deepEqual([generation_tokens, prompt_tokens], [3 * 64, prompt.reduce((sum, count) => sum + count, 0)]);
    deepEqual(rest, { running: 0, waiting: 0, kv_usage: null });
  }));

Deno.test("a request is answered as if it were the first, whatever was asked before", () =>
  serving(async ({ url }) => {
    const ask = async (prompt: string) => {
      const frames = await stream(url, "completions", { prompt, max_tokens: 24, temperature: 0 });
      return frames.map((frame) => frame.choices[0]?.text ?? "").join("");
    };
    const first = await ask("The sea is");
    for (const prompt of ["Something else entirely", "And more", "And yet more"]) await ask(prompt);
    equal(await ask("The sea is"), first);
  }));

Deno.test("the server says what it serves: random weights, size, parameters, quantisation, digest", () =>
  serving(async ({ url, version }, modelsDir) => {
    const { data } = await (await fetch(`${url}/v1/models`)).json();
    const { meta } = data[0];
    equal(meta.weights, "random");
    equal(meta.quantization, "Q8_0");
    equal(meta.size_bytes, (await Deno.stat(join(modelsDir, "synthetic-15m-q8_0.gguf"))).size);
    match(meta.digest, /^[0-9a-f]{64}$/);
    match(version, /^\S+ \(node-llama-cpp 3\.21\.1\)$/);
  }));

Deno.test("wrong requests are refused in OpenAI's shape", () =>
  serving(async ({ url }) => {
    const post = async (body: object) => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      return [response.status, (await response.json()).error.message] as const;
    };
    deepEqual((await post({ model: "other", messages: [{ role: "user", content: "x" }] }))[0], 404);
    const [status, message] = await post({
      model: MODEL,
      messages: [{ role: "user", content: "word ".repeat(2000) }],
    });
    equal(status, 400);
    match(message, /the prompt has \d+ tokens, the context holds 512/);
    match((await post({ model: MODEL, messages: [] }))[1], /messages/);
  }));

Deno.test("the process ends when its scope is left", async () => {
  const pid = await serving((server) => Promise.resolve(server.pid));
  let alive = true;
  try {
    Deno.kill(pid, "SIGCONT");
  } catch {
    alive = false;
  }
  equal(alive, false);
});

Deno.test("a file that is no model is refused with what was found", async () => {
  await using root = await temporaryRoot();
  const path = join(root.paths.root, "broken.gguf");
  await Deno.writeTextFile(path, "no model");
  const options = { slots: 1, context: 512, modelsDir: root.paths.models, log: root.log.info };
  const start = (model: string) => startEmbedded({ ...options, model, signal: new AbortController().signal });
  await rejects(start(path), /Cannot read the model .*broken\.gguf: it is not a GGUF file/);
  await rejects(start(join(root.paths.root, "none.gguf")), /Cannot read the model .*none\.gguf/);
});

Deno.test("a synthetic model's file is the same bytes on every machine and as long as was said", () => {
  const shape = shapeOf("15m");
  let length = 0;
  let sum = 0;
  for (const chunk of ggufChunks(shape, "synthetic-15m")) {
    length += chunk.length;
    for (let at = 0; at < chunk.length; at += 4096) sum = (sum * 31 + (chunk[at] ?? 0)) % 1_000_000_007;
  }
  equal(length, ggufSize(shape, "synthetic-15m"));
  equal(sum, 823_315_741);
  deepEqual(syntheticSizes, ["15m", "42m", "110m", "1b", "7b"]);
});
