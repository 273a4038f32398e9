// Engines that already run, as users reach them: behind a key, and by an address in any form. Everything that asks them must know both.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../../pipeline/agent/config.ts";
import { run as measure } from "../../pipeline/agent/run.ts";
import { engines } from "../../pipeline/engines/mod.ts";
import { withApiKey } from "../../pipeline/lib/api_key.ts";
import type { Machine } from "../../pipeline/machines/machine.ts";
import { type Connect, connect } from "../../pipeline/machines/mod.ts";
import { EngineChoice, Workload } from "../../pipeline/schema/matrix.ts";
import { pathsOf } from "../../pipeline/paths.ts";
import type { World } from "../../pipeline/run/world.ts";
import type { EngineName } from "../../pipeline/schema/names.ts";
import { sshHost } from "../cloud/ssh_host.ts";
import { selfSigned } from "../fakes/certificate.ts";
import { guardedBy } from "../fakes/guarded.ts";
import { fakeOllama } from "../fakes/ollama.ts";
import { fakeOpenai } from "../fakes/openai.ts";
import { fakeServer } from "../fakes/server.ts";
import { run, stageWith, TEST, type Test, tidy } from "../failures/trial.ts";
import { setStage, type Stage, worldWith } from "../faults/stage.ts";
import { matrixFile, startWith } from "../e2e/cli.ts";
import { engineWorld, temporaryRoot } from "../fixtures.ts";

const KEY = "sk-an-endpoint's-own-key";
const capacity = Workload.parse({ concurrency: [1], context_tokens: 1024 });

/** Engines that run already, with what each serves. */
const STANDS:
  readonly (readonly [EngineName, string, (model: string) => AsyncDisposable & { url: string }])[] = [
    ["ollama", "qwen2:7b", (model) => fakeOllama([model])],
    ["vllm", "a/b", (model) => fakeServer("vllm", [model])],
    ["sglang", "a/b", (model) => fakeServer("sglang", [model])],
    ["llama.cpp", "an-alias", (model) => fakeServer("llama.cpp", [model])],
    ["openai", "a/b", (model) => fakeOpenai([model])],
  ];

/** All that a run asks of such an engine before the agent comes, then what the agent asks. */
async function used(name: EngineName, model: string, url: string, key: string | null): Promise<void> {
  const engine = engines[name];
  const choice = EngineChoice.parse({ name, url });
  const world = engineWorld([], { fetch: withApiKey(fetch, key) });
  ok(await engine.answers(choice, world));
  deepEqual(await engine.installed(choice, world), [model]);
  await using running = await engine.start(choice, model, capacity, world);
  await engine.load(running, model, capacity, world);
  ok(await engine.healthy(running, world));
  await engine.scrape?.(running, world);
  if (name !== "openai") ok(await engine.decode?.(running, model, capacity, world));
  await engine.unload(running, model, world);
  const out = await Deno.makeTempDir();
  try {
    const settings = { MODEL: model, DURATION: "0.05", WARMUP: "1", MAX_TOKENS: "8", OUT: out };
    const config = readConfig(
      { ...settings, ...running.agentEnv, ...(key === null ? {} : { API_KEY: key }) },
      new Date(),
    );
    await measure(config, new AbortController().signal, {
      progress: () => undefined,
      ended: () => undefined,
    });
    ok(JSON.parse(await Deno.readTextFile(join(out, "metadata.json"))).model.runtime_version);
    for await (const { name } of Deno.readDir(out)) {
      ok(!(await Deno.readTextFile(join(out, name))).includes(KEY), name);
    }
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

for (const [name, model, stand] of STANDS) {
  Deno.test(`${name} behind a key is asked for everything with that key, by a run and by the agent`, async () => {
    await using server = stand(model);
    await using guarded = guardedBy(KEY, server.url);
    await used(name, model, guarded.url, KEY);
    deepEqual(guarded.refused, []);
    ok(guarded.admitted.length > 5);
  });

  for (const end of ["/", "/v1", "/v1/"]) {
    Deno.test(`${name} is found at an address that ends with ${end}, by a run and by the agent`, async () => {
      await using server = stand(model);
      await used(name, model, `${server.url}${end}`, null);
      const config = readConfig({ MODEL: model, ENGINE: name, URL: `${server.url}${end}` }, new Date());
      ok(!config.url.endsWith("/"));
    });
  }

  Deno.test(`${name} that wants a key answers, and says where the key belongs`, async () => {
    await using server = stand(model);
    await using guarded = guardedBy(KEY, server.url);
    const choice = EngineChoice.parse({ name, url: guarded.url });
    await rejects(
      async () => await engines[name].answers(choice, engineWorld()),
      (error: Error & { hint?: string }) =>
        /answered 401/.test(error.message) && /API_KEY/.test(error.hint ?? ""),
    );
  });
}

Deno.test("Ollama is looked for where the user's OLLAMA_HOST says, unless the matrix names an address", async () => {
  await using server = fakeOllama(["qwen2:7b"]);
  await using other = fakeOllama(["mistral:7b"]);
  const world = engineWorld([], { ollama_host: new URL(server.url).host });
  const { ollama } = engines;
  deepEqual(await ollama.installed(EngineChoice.parse({ name: "ollama" }), world), ["qwen2:7b"]);
  deepEqual(await ollama.installed(EngineChoice.parse({ name: "ollama", url: other.url }), world), [
    "mistral:7b",
  ]);
});

Deno.test("a plan asks Ollama where OLLAMA_HOST says, with API_KEY, under what the task allows", async () => {
  await using root = await temporaryRoot();
  await using ollama = fakeOllama(["qwen2:7b", "qwen2:latest"], { alias: { "qwen2:latest": "qwen2:7b" } });
  await using guarded = guardedBy(KEY, ollama.url);
  const matrix = await matrixFile(root.paths.root, {
    engines: ["ollama"],
    models: ["installed"],
    workloads: [{ duration_seconds: 1 }],
  });
  const told = { OLLAMA_HOST: new URL(guarded.url).host, API_KEY: KEY };
  const { code, out, err } = await startWith(told, "plan", matrix, "--root", root.paths.root).ended;
  equal(code, 0, err);
  match(err, /ollama 0\.12\.9 answers, with qwen2:7b\n/);
  match(err, /qwen2:7b is measured once, not as qwen2:latest too: the same weights/);
  ok(!(out + err).includes(KEY));
  deepEqual(guarded.refused, []);
});

/** Tells whether an engine at `url` answers a process that trusts `cert`, and what that process says if not; by the agent too. */
async function trusting(cert: string, url: string) {
  const folder = await Deno.makeTempDir();
  try {
    const [file, out] = [join(folder, "cert.pem"), join(folder, "out")];
    await Deno.writeTextFile(file, cert);
    const started = async (args: string[], env: Record<string, string>) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        env: { NO_COLOR: "1", DENO_CERT: file, ...env },
        cwd: pathsOf().repository,
      }).output();
      return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    const program = `import { engines } from "./pipeline/engines/mod.ts";
      import { engineWorld } from "./tests/fixtures.ts";
      const choice = { name: "openai", url: ${JSON.stringify(url)}, api: "chat" };
      console.log(await engines.openai.installed(choice, engineWorld()).then(String, (error) => error + " " + error.hint));`;
    return {
      run: await started(["eval", program], {}),
      agent: await started(["run", "-A", "pipeline/agent/main.ts"], {
        ...{ MODEL: "a/b", ENGINE: "openai", URL: url, DURATION: "0.1", MAX_TOKENS: "8", OUT: out },
      }),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const ca of [false, true]) {
  const what = ca
    ? "marked as an authority, as openssl makes it, is refused"
    : "that is no authority is believed";
  Deno.test(`with DENO_CERT an endpoint's own certificate ${what}`, async (test) => {
    const pair = await selfSigned(ca);
    if (pair === null) {
      return void await test.step({ name: "openssl is not here", ignore: true, fn: () => {} });
    }
    await using openai = fakeOpenai(["a/b"]);
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => undefined, ...pair },
      async (request) => {
        const body = request.method === "POST" ? { body: await request.text() } : {};
        return await fetch(new URL(new URL(request.url).pathname, openai.url), {
          method: request.method,
          ...body,
        });
      },
    );
    const { run, agent } = await trusting(pair.cert, `https://localhost:${server.addr.port}`);
    if (ca) {
      match(run.said, /Cannot reach an engine at https:.*CaUsedAsEndEntity.* DENO_CERT/);
      match(agent.said, /CaUsedAsEndEntity/);
    } else {
      equal(run.said, "a/b\n");
      match(agent.said, /requests {2}0 errors/);
    }
    equal(agent.code, ca ? 1 : 0);
  });
}

/** All texts below a folder that hold the key, and how many were read. */
async function holding(folder: string): Promise<{ found: string[]; read: number }> {
  const found: string[] = [];
  let read = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      const below = await holding(path);
      found.push(...below.found);
      read += below.read;
    } else if (isFile) {
      read += 1;
      if ((await Deno.readTextFile(path).catch(() => "")).includes(KEY)) found.push(path);
    }
  }
  return { found, read };
}

/** The world of a user whose environment has the key. */
function worldWithKey({ simulated, pace }: Stage): World {
  return {
    ...worldWith(simulated, pace),
    env: (name) => name === "API_KEY" ? `${KEY}\r\n` : undefined,
  };
}

for (const provider of ["local", "ssh"] as const) {
  Deno.test(`a matrix for ${provider} measures an endpoint behind a key with API_KEY, which is kept nowhere`, async () => {
    await using server = fakeServer("vllm", ["a/b"]);
    await using guarded = guardedBy(KEY, server.url);
    await using host = await sshHost();
    const engine = { name: "vllm" as const, url: `${guarded.url}/v1/` };
    const test: Test = { ...TEST, providers: [provider], gpus: ["any"], engines: [engine], models: ["a/b"] };
    await using stage = await setStage({ clouds: {}, tests: [test] });
    const { user, key_file, running: { port } } = host;
    const hosts = [{ name: "desk", host: "127.0.0.1", port, user, key_file }];
    await Deno.mkdir(stage.paths.runs, { recursive: true });
    await Deno.writeTextFile(join(stage.paths.runs, "hosts.json"), JSON.stringify({ hosts }));
    const result = await run(stage, {}, { world: worldWithKey(stage) });
    equal(result.rows[0]?.status, "success", stage.said.join("\n"));
    deepEqual(guarded.refused, []);
    for (const asked of ["GET /v1/models", "GET /version", "GET /metrics", "POST /v1/chat/completions"]) {
      ok(guarded.admitted.includes(asked), asked);
    }
    for (const folder of [stage.paths.root, host.folder]) {
      const { found, read } = await holding(folder);
      deepEqual(found, []);
      ok(read > 0);
    }
    ok(!stage.said.join("\n").includes(KEY));
    tidy(result);
  });
}

Deno.test("a rented machine never gets the key: no job of it and no question to its engine has one", async () => {
  await using stage = await stageWith({});
  const [orders, questions]: [string[], string[]] = [[], []];
  const world = {
    ...worldWithKey(stage),
    connect: async (...args: Parameters<Connect>): Promise<Machine> => {
      const machine = await connect(...args);
      return {
        ...machine,
        launch: (order) => {
          orders.push(JSON.stringify(order));
          return machine.launch(order);
        },
        fetch: (input, init) => {
          questions.push(JSON.stringify([String(input), ...new Headers(init?.headers)]));
          return machine.fetch(input, init);
        },
      };
    },
  };
  const { rows } = await run(stage, {}, { world });
  equal(rows[0]?.status, "success", stage.said.join("\n"));
  ok(orders.some((text) => text.includes("agent.js")));
  ok(questions.some((text) => text.includes("/api/version")));
  for (const text of orders) ok(!text.includes(KEY), text);
  for (const text of questions) ok(!/authorization/i.test(text), text);
});

Deno.test("an endpoint that does not take the key is told with what was tried, and nothing is measured", async () => {
  await using server = fakeServer("vllm", ["a/b"]);
  await using guarded = guardedBy("another", server.url);
  const test: Test = {
    ...TEST,
    providers: ["local"],
    gpus: ["any"],
    engines: [{ name: "vllm", url: guarded.url }],
    models: ["a/b"],
  };
  await using stage = await setStage({ clouds: {}, tests: [test] });
  const { rows } = await run(stage, {}, { world: worldWithKey(stage) });
  match(rows[0]?.failure_reason ?? "", /answered 401: Unauthorized.*API_KEY/);
  ok(!JSON.stringify([rows, stage.said]).includes(KEY));
});
