// What every engine must do, whichever it is. A new engine is one more row of the list.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { engines } from "../../pipeline/engines/mod.ts";
import { EngineChoice, Workload } from "../../pipeline/schema/matrix.ts";
import { type EngineName, ENGINES, INSTALLED_ENGINES } from "../../pipeline/schema/names.ts";
import { fakeOllama, type OllamaFaults } from "../fakes/ollama.ts";
import { deafUrl, engineWorld } from "../fixtures.ts";
import { fakeOpenai } from "../fakes/openai.ts";
import { fakeServer } from "../fakes/server.ts";

const capacity = Workload.parse({ concurrency: [2], context_tokens: 1024 });

const world = engineWorld;

interface Stand extends AsyncDisposable {
  readonly url: string;
}

/** Somebody who answers as the engine, serving `model`. */
const STANDS: Record<EngineName, { model: string; stand: (model: string) => Stand }> = {
  ollama: { model: "qwen2:7b", stand: (model) => fakeOllama([model]) },
  vllm: { model: "Qwen/Qwen2.5-7B-Instruct", stand: (model) => fakeServer("vllm", [model]) },
  sglang: { model: "Qwen/Qwen2.5-7B-Instruct", stand: (model) => fakeServer("sglang", [model]) },
  "llama.cpp": {
    model: "Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M",
    stand: (model) => fakeServer("llama.cpp", [model]),
  },
  openai: { model: "meta-llama/Llama-3.1-8B", stand: (model) => fakeOpenai([model]) },
  embedded: {
    model: "synthetic:15m",
    stand: () => ({ url: "http://127.0.0.1:1", [Symbol.asyncDispose]: () => Promise.resolve() }),
  },
};

const choose = (name: EngineName, url: string) =>
  EngineChoice.parse(name === "embedded" ? { name } : { name, url });

Deno.test("engines that a matrix may give variables and an image are those that are installed on rented machines", () => {
  deepEqual(ENGINES.filter((name) => engines[name].reach === "installs"), INSTALLED_ENGINES);
});

for (const name of ENGINES) {
  const { model, stand } = STANDS[name];
  const engine = engines[name];

  Deno.test(`${name} starts, loads, tells the agent where it is, and unloads without a word`, async () => {
    await using server = stand(model);
    await using running = await engine.start(choose(name, server.url), model, capacity, world());
    await engine.load(running, model, capacity, world());
    deepEqual([running.agentEnv.ENGINE, running.agentEnv.URL], [name, server.url]);
    await engine.unload(running, model, world());
  });

  Deno.test(`${name} tells whether it answers and what it has`, async () => {
    await using server = stand(model);
    ok(await engine.answers(choose(name, server.url), world()));
    ok(Array.isArray(await engine.installed(choose(name, server.url), world())));
  });

  Deno.test(`${name} may serve its model and says why it cannot serve another engine's`, () => {
    equal(engine.canServe(model), null);
    const foreign = name === "embedded" ? "qwen2:7b" : "synthetic:15m";
    match(engine.canServe(foreign) ?? "", /embedded engine/);
  });

  if (name === "embedded") continue;

  Deno.test(`${name} that does not listen is no answer, and a refusal when it must be used`, async () => {
    const choice = choose(name, deafUrl());
    equal(await engine.answers(choice, world()), null);
    await rejects(
      engine.start(choice, model, capacity, world()),
      (error: Error & { hint?: string }) =>
        /Cannot reach an engine at http:\/\/127\.0\.0\.1:\d+: .*refused/i.test(error.message) &&
        /Start the engine/.test(error.hint ?? ""),
    );
  });

  Deno.test(`${name} whose address belongs to something else is refused with what it answered`, async () => {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
      () => new Response("<html>hello</html>"),
    );
    const choice = choose(name, `http://127.0.0.1:${server.addr.port}`);
    await rejects(
      engine.start(choice, model, capacity, world()),
      /answered "<html>hello<\/html>", which is no JSON object/,
    );
  });
}

async function loadOllama(model: string, faults: OllamaFaults = {}) {
  await using server = fakeOllama(["qwen2:7b"], faults);
  const said: string[] = [];
  await using running = await engines.ollama.start(
    choose("ollama", server.url),
    model,
    capacity,
    world(said),
  );
  await engines.ollama.load(running, model, capacity, world(said));
  return { said, requests: server.requests };
}

Deno.test("ollama pulls a model that it lacks and tells how far it is", async () => {
  const { said, requests } = await loadOllama("mistral:7b");
  ok(requests.some(({ path, body }) => path === "/api/pull" && body.model === "mistral:7b"));
  match(said.join("\n"), /pulling mistral:7b\npulling mistral:7b: 30 % of 4\.4 GB/);
});

Deno.test("ollama loads the model with the context that the workload needs, without a pull when it is there", async () => {
  const { requests } = await loadOllama("qwen2:7b");
  equal(requests.some(({ path }) => path === "/api/pull"), false);
  deepEqual(requests.find(({ path }) => path === "/api/generate")?.body.options, { num_ctx: 1024 });
});

Deno.test("ollama decodes with a loaded model by its own clock, and tells how large its weights are", async () => {
  await using server = fakeOllama(["qwen2:7b"]);
  const { ollama } = engines;
  await using running = await ollama.start(choose("ollama", server.url), "qwen2:7b", capacity, world());
  const { weights_bytes } = await ollama.load(running, "qwen2:7b", capacity, world());
  equal(weights_bytes, 4_431_400_262);
  equal(await ollama.decode?.(running, "qwen2:7b", capacity, world()), 128);
  // Another context would load the model anew.
  const asked = server.requests.filter(({ path }) => path === "/api/generate");
  deepEqual(asked.map(({ body }) => (body.options as { num_ctx: number }).num_ctx), [1024, 1024]);
});

Deno.test("ollama tells how many bytes of a pull have come, as they come", async () => {
  await using server = fakeOllama([]);
  await using running = await engines.ollama.start(choose("ollama", server.url), "a:1b", capacity, world());
  const came: number[] = [];
  await engines.ollama.load(running, "a:1b", capacity, world([], { onPulled: (bytes) => came.push(bytes) }));
  deepEqual(came, [1, 2, 3].map((part) => Math.round(4_431_400_262 * part / 3)));
});

for (const told of ["tags", "show"] as const) {
  Deno.test(`ollama's installed models leave out those for embeddings and those elsewhere, told by /api/${told}`, async () => {
    const models = ["qwen2:7b", "nomic-embed-text:latest", "gpt-oss:120b-cloud"];
    await using server = fakeOllama(models, {
      embedding: { models: ["nomic-embed-text:latest"], told },
      remote: ["gpt-oss:120b-cloud"],
    });
    const said: string[] = [];
    deepEqual(await engines.ollama.installed(choose("ollama", server.url), world(said)), ["qwen2:7b"]);
    deepEqual(said, [
      "nomic-embed-text:latest is left out: it writes no text (Ollama says it is for embedding)",
      "gpt-oss:120b-cloud is left out: it runs at https://ollama.com:443, not on this machine",
    ]);
  });
}

Deno.test("ollama's weights under several names are measured once, under the name that tells most, and the others are told in one line", async () => {
  const models = ["mine:latest", "qwen2:latest", "qwen2:7b-instruct-q4_0", "qwen2:7b", "mistral:7b"];
  const alias = Object.fromEntries(models.slice(0, 4).map((name) => [name, "qwen2:7b"]));
  await using server = fakeOllama(models, { alias });
  const said: string[] = [];
  const installed = await engines.ollama.installed(choose("ollama", server.url), world(said));
  deepEqual(installed, ["qwen2:7b", "mistral:7b"]);
  deepEqual(said, [
    "qwen2:7b is measured once, not as qwen2:7b-instruct-q4_0, mine:latest, qwen2:latest too: the same weights",
  ]);
});

Deno.test("a model that ollama cannot look at is left out with its words, and the others are measured", async () => {
  await using server = fakeOllama(["qwen2:7b", "torn:7b"], { broken: ["torn:7b"] });
  const said: string[] = [];
  deepEqual(await engines.ollama.installed(choose("ollama", server.url), world(said)), ["qwen2:7b"]);
  deepEqual(said, [
    "torn:7b is left out: Cannot look at torn:7b: the engine answered 500: open manifest: no such file",
  ]);
});

Deno.test("ollama refuses to load a model that it only forwards to another host", async () => {
  const model = "gpt-oss:120b-cloud";
  await using server = fakeOllama([model], { remote: [model] });
  await using running = await engines.ollama.start(choose("ollama", server.url), model, capacity, world());
  await rejects(
    engines.ollama.load(running, model, capacity, world()),
    /runs at https:\/\/ollama\.com:443, not on this machine/,
  );
});

Deno.test("a pull that fails inside its stream, or ends early, says why", async () => {
  await rejects(
    loadOllama("nosuch:1b", { pullError: "pull model manifest: file does not exist" }),
    /Cannot pull nosuch:1b: .*pull model manifest: file does not exist/,
  );
  await rejects(
    loadOllama("big:70b", { pullEndsEarly: true }),
    /Cannot pull big:70b: the answer ended early/,
  );
});

for (const name of ["openai", "vllm", "sglang", "llama.cpp"] as const) {
  Deno.test(`${name} refuses a model that the endpoint does not serve and names those it does`, async () => {
    await using server = name === "openai" ? fakeOpenai(["a", "b"]) : fakeServer(name, ["a", "b"]);
    await rejects(
      engines[name].start(choose(name, server.url), "c", capacity, world()),
      (error: Error & { hint?: string }) =>
        /does not serve it/.test(error.message) && /a, b/.test(error.hint ?? ""),
    );
  });
}

Deno.test("embedded names the sizes of synthetic models when it is asked for another", () => {
  match(engines.embedded.canServe("synthetic:13b") ?? "", /known: 15m, 42m, 110m, 1b, 7b/);
});

for (
  const [name, model, reason] of [
    ["vllm", "qwen2:7b", /by their name at Hugging Face, such as/],
    ["sglang", "qwen2:7b", /by their name at Hugging Face, such as/],
    ["vllm", "models/qwen2.gguf", /vLLM serves no GGUF files; llama\.cpp does/],
    ["sglang", "Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M", /SGLang serves no GGUF files/],
    ["llama.cpp", "qwen2:7b", /a repository at Hugging Face with its quantisation/],
    ["llama.cpp", "Qwen/Qwen2.5-7B-Instruct", /GGUF files/],
    ["vllm", "gpt2", null],
    ["sglang", "/models/Qwen2.5-7B", null],
    ["llama.cpp", "/models/qwen2.gguf", null],
    ["llama.cpp", "Qwen/Qwen2.5-7B-Instruct-GGUF", null],
    ["llama.cpp", "bartowski/some:Q8_0", null],
    ["llama.cpp", "an-alias", null],
  ] as const
) {
  Deno.test(`${name} ${reason === null ? "may serve" : "cannot serve"} ${model}`, () => {
    const refusal = engines[name].canServe(model);
    if (reason === null) equal(refusal, null);
    else match(refusal ?? "", reason);
  });
}
