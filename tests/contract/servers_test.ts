// vLLM, SGLang and llama-server as we start them on a machine of ours: installed, waited for, asked, and ended; every way that fails.
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { engines } from "../../pipeline/engines/mod.ts";
import { realClock } from "../../pipeline/lib/clock.ts";
import { Failure, type FailureCode } from "../../pipeline/schema/failures.ts";
import { usualUrl } from "../../pipeline/schema/engine_address.ts";
import { EngineChoice, Workload } from "../../pipeline/schema/matrix.ts";
import { fakeServer, type ServerName, VERSIONS as USUAL } from "../fakes/server.ts";
import { type MachineOptions, NEWEST, type ServerMachine, serverMachine } from "../fakes/server_machine.ts";
import type { ProcessFaults } from "../fakes/server_process.ts";
import { until } from "../until.ts";
import { gaugesIn } from "../../pipeline/schema/gauges.ts";
import { engineWorld } from "../fixtures.ts";

const capacity = Workload.parse({ concurrency: [1, 4], context_tokens: 1024 });
const NAMES: readonly ServerName[] = ["vllm", "sglang", "llama.cpp"];
const MODELS: Record<ServerName, string> = {
  vllm: "Qwen/Qwen2.5-7B-Instruct",
  sglang: "Qwen/Qwen2.5-7B-Instruct",
  "llama.cpp": "Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M",
};
const TITLES: Record<ServerName, string> = { vllm: "vLLM", sglang: "SGLang", "llama.cpp": "llama.cpp" };

/** Starts engine `name` on such a machine, loads its model and asks `then`. */
async function started<T>(
  name: ServerName,
  options:
    & MachineOptions
    & Partial<
      { model: string; flags: string[]; asked: string; env: string[]; pace: number }
    >,
  then: (made: Made) => Promise<T>,
): Promise<T> {
  const { model = MODELS[name], flags, asked, env, pace = 0.01 } = options;
  await using machine = await serverMachine(name, options);
  const said: string[] = [];
  const world = worldOf(machine, pace, said);
  const choice = EngineChoice.parse({ name, flags, env, version: asked });
  await using running = await engines[name].start(choice, model, capacity, world);
  await engines[name].load(running, model, capacity, world);
  return await then({ machine, running, world, said, model, engine: engines[name] });
}

/** The world of engines on such a machine. */
function worldOf({ host, releases }: ServerMachine, pace = 0.01, said: string[] = []) {
  return engineWorld(said, { host, releases, clock: realClock(pace) });
}

interface Made {
  readonly machine: Awaited<ReturnType<typeof serverMachine>>;
  readonly running: Awaited<ReturnType<(typeof engines)["vllm"]["start"]>>;
  readonly world: ReturnType<typeof engineWorld>;
  readonly said: string[];
  readonly model: string;
  readonly engine: (typeof engines)["vllm"];
}

const FLAGS: Record<ServerName, string[]> = {
  vllm: ["--max-model-len", "1024", "--max-num-seqs", "4", "--enable-prompt-tokens-details"],
  sglang: [
    "--context-length",
    "1024",
    "--max-running-requests",
    "4",
    "--enable-metrics",
    "--enable-cache-report",
  ],
  "llama.cpp": ["--parallel", "4", "--ctx-size", "4096", "-ngl", "99", "--metrics"],
};
const VERSIONS: Record<ServerName, string> = {
  vllm: "0.11.2",
  sglang: "0.5.16",
  "llama.cpp": "b10356-5e9c6354",
};
const GAUGES: Record<ServerName, (number | null)[]> = {
  vllm: [12, 2, 13_000, 52_000, 0.31],
  sglang: [4, 3, 7557, 8128, 0.28],
  "llama.cpp": [2, 1, 2560, 412, null],
};
const RESETS: Record<ServerName, string | null> = {
  vllm: "/reset_prefix_cache",
  sglang: "/flush_cache",
  "llama.cpp": null,
};

for (const name of NAMES) {
  Deno.test(`${name} that the image has is started with room for the workload, waited for, asked and ended`, async () => {
    await started(name, { faults: { loading: 3 } }, async ({ machine, running, world, model, engine }) => {
      const { ENGINE_FLAGS = "", RESET_URL = null, METRICS_URL = "", METRICS_NAMES = "", ...other } =
        running.agentEnv;
      const { ENGINE_INSTALL = "", ...agentEnv } = other;
      deepEqual(JSON.parse(ENGINE_INSTALL), { asked: null, version: null, source: "image", sha256: null });
      deepEqual(agentEnv, { ENGINE: name, URL: running.url, API: "chat" });
      deepEqual(JSON.parse(ENGINE_FLAGS), FLAGS[name]);
      deepEqual(RESET_URL, RESETS[name] === null ? null : `${running.url}${RESETS[name]}`);
      equal(running.version, VERSIONS[name]);
      deepEqual(await machine.installs(), []);
      ok(await engine.healthy(running, world));
      const gauges = await engine.scrape?.(running, world);
      deepEqual(Object.values(gauges ?? {}), GAUGES[name]);
      const told = await (await fetch(METRICS_URL)).text();
      deepEqual(gaugesIn(told, JSON.parse(METRICS_NAMES)), gauges);
      if (RESET_URL !== null) equal((await fetch(RESET_URL, { method: "POST" })).status, 200);
      await engine.unload(running, model, world);
      equal(await engine.healthy(running, world), false);
    });
  });

  Deno.test(`${name} decodes at the speed of the tokens after the first, whatever a request costs besides`, async () => {
    let now = 0;
    const clock = { ...realClock(0.01), now: () => now };
    const asked: unknown[] = [];
    // 200 ms a request and 10 ms a token.
    const answer: typeof fetch = (_input, init) => {
      const { max_tokens, ignore_eos } = JSON.parse(String(init?.body));
      asked.push([max_tokens, ignore_eos]);
      now += 200 + 10 * max_tokens;
      return Promise.resolve(Response.json({ usage: { completion_tokens: max_tokens } }));
    };
    await started(name, {}, async ({ engine, running, world, model }) => {
      equal(await engine.decode?.(running, model, capacity, { ...world, clock, fetch: answer }), 100);
      deepEqual(asked, [[1, true], [129, true]]);
    });
  });

  Deno.test(`${name} is started with the matrix' flags last`, async () => {
    const flags = name === "vllm" ? ["--enforce-eager"] : FLAGS[name].slice(0, 2);
    await started(name, { flags }, ({ machine, running }) => {
      deepEqual(machine.orders[0]?.command.slice(-flags.length), flags);
      deepEqual(JSON.parse(running.agentEnv.ENGINE_FLAGS ?? ""), [...FLAGS[name], ...flags]);
      return Promise.resolve();
    });
  });

  Deno.test(`${name} is spread over all GPUs of its machine, unless the matrix says how`, async () => {
    const spread = name === "llama.cpp" ? [] : ["--tensor-parallel-size", "4"];
    await started(name, { gpu_count: 4 }, ({ machine, running }) => {
      deepEqual(JSON.parse(running.agentEnv.ENGINE_FLAGS ?? ""), [...FLAGS[name], ...spread]);
      deepEqual(machine.orders[0]?.command.slice(machine.orders[0].command.length - spread.length), spread);
      return Promise.resolve();
    });
    if (name !== "vllm") return;
    const flags = ["--pipeline-parallel-size", "2"];
    await started(name, { gpu_count: 4, flags }, ({ running }) => {
      const halves = ["--tensor-parallel-size", "2", ...flags];
      deepEqual(JSON.parse(running.agentEnv.ENGINE_FLAGS ?? "").slice(-4), halves);
      return Promise.resolve();
    });
  });

  Deno.test(`${name} is given the user's variables that the matrix names, and nobody is told their values`, async () => {
    const variables = { HF_TOKEN: "hf_verysecretvalue", HF_HUB_OFFLINE: "1", VLLM_LOGGING_LEVEL: "DEBUG" };
    const dies = ["loading with hf_verysecretvalue", "Access denied for hf_verysecretvalue"];
    const named = { variables, env: ["HF_TOKEN", "HF_HUB_OFFLINE"] };
    const found = /Access denied for \*\*\*$/;
    const { said, machine } = await fails(name, { dies }, "load_failed", found, named);
    const { HF_TOKEN, HF_HUB_OFFLINE, VLLM_LOGGING_LEVEL } = machine.orders[0]?.env ?? {};
    deepEqual([HF_TOKEN, HF_HUB_OFFLINE, VLLM_LOGGING_LEVEL], [variables.HF_TOKEN, "1", undefined]);
    equal(said.join().includes("verysecret"), false);
  });

  Deno.test(`${name} takes the next port when another program holds the first`, async () => {
    await using machine = await serverMachine(name);
    using _held = Deno.listen({ hostname: "127.0.0.1", port: machine.host.port });
    const world = worldOf(machine);
    await using running = await engines[name].start(EngineChoice.parse({ name }), MODELS[name], capacity, {
      ...world,
      fetch: notAt(machine.host.port),
    });
    await engines[name].load(running, MODELS[name], capacity, { ...world, fetch: notAt(machine.host.port) });
    notEqual(running.url, `http://127.0.0.1:${machine.host.port}`);
    equal(running.agentEnv.URL, running.url);
    ok(new Set(machine.orders.map((order) => order.name)).size > 1);
  });

  Deno.test(`${name} has the same job for the same command alone, so that a run that goes on finds it`, async () => {
    await using machine = await serverMachine(name);
    const world = worldOf(machine);
    const job = async (model: string) => {
      const before = machine.orders.length;
      const choice = EngineChoice.parse({ name });
      await using running = await engines[name].start(choice, model, capacity, world);
      await engines[name].load(running, model, capacity, world);
      return machine.orders[before]?.name ?? "";
    };
    const other = name === "llama.cpp" ? "/models/other.gguf" : "other/model";
    const [first, second, third] = [await job(MODELS[name]), await job(MODELS[name]), await job(other)];
    match(first, new RegExp(`^${name.replace(".", "-")}-\\d+-[0-9a-f]{8}$`));
    equal(second, first);
    notEqual(third, first);
  });

  Deno.test(`${name} that ends by itself tells its last words`, async () => {
    const lines = ["loading weights", "Segmentation fault (core dumped)"];
    const { said } = await fails(name, { dies: lines }, "load_failed", /: it ended: Segmentation fault/);
    deepEqual(said.slice(-2), lines.map((line) => `  ${line}`));
  });

  Deno.test(`${name} that ends with a line of 20,000 characters tells its beginning`, async () => {
    const { said } = await fails(name, { dies: ["x".repeat(20_000)] }, "load_failed", /: it ended: x{999}…$/);
    equal(said.at(-1), `  ${"x".repeat(999)}…`);
  });

  Deno.test(`${name} that is never ready is ended, and said to be so`, async () => {
    const found = /: it is not ready after 3600 s: without a word/;
    await fails(name, { loading: -1 }, "load_failed", found, { pace: 1e-6 });
  });

  Deno.test(`${name} that lists another model is not taken for ours`, async () => {
    await fails(name, { renamed: "other/model" }, "load_failed", /not ready/, { pace: 1e-6 });
  });

  Deno.test(`${name} refuses a flag that it does not know, and nothing else is tried`, async () => {
    const flags = ["--no-such-flag"];
    const { failure } = await fails(name, {}, "failed", /no-such-flag/, { flags });
    equal(failure.hint, "Mend the engine's flags in the matrix.");
  });

  Deno.test(`${name} is not started where the machine is not ours, and its flags are not ignored`, async () => {
    await using server = fakeServer(name, [MODELS[name]]);
    const fetch = redirected(server.url);
    const choice = EngineChoice.parse({ name, flags: ["--enforce-eager"] });
    await rejects(
      engines[name].start(choice, MODELS[name], capacity, engineWorld([], { fetch })),
      new RegExp(`Cannot start ${TITLES[name]} with --enforce-eager: the machine is not ours to change`),
    );
    const world = engineWorld([], { fetch });
    await using running = await engines[name].start(
      EngineChoice.parse({ name }),
      MODELS[name],
      capacity,
      world,
    );
    equal(running.url, usualUrl(name));
    equal(running.version, VERSIONS[name]);
    equal(running.agentEnv.RESET_URL, undefined);
  });
}

/** The default address leads to `url`. */
function redirected(url: string): typeof fetch {
  return (input, init) => fetch(new URL(new URL(String(input)).pathname, url), init);
}

/** A program that holds a port and speaks no HTTP. */
function notAt(port: number): typeof fetch {
  return (input, init) =>
    new URL(String(input)).port === String(port)
      ? Promise.reject(new TypeError("connection closed before message completed"))
      : fetch(input, init);
}

async function fails(
  name: ServerName,
  faults: ProcessFaults,
  code: FailureCode,
  found: RegExp,
  options: MachineOptions & Partial<{ flags: string[]; asked: string; env: string[]; pace: number }> = {},
) {
  const { flags, asked, env, pace = 0.01 } = options;
  await using machine = await serverMachine(name, { ...options, faults });
  const said: string[] = [];
  const world = worldOf(machine, pace, said);
  let failure: unknown = null;
  try {
    await using running = await engines[name].start(
      EngineChoice.parse({ name, flags, env, version: asked }),
      MODELS[name],
      capacity,
      world,
    );
    await engines[name].load(running, MODELS[name], capacity, world);
  } catch (error) {
    failure = error;
  }
  if (!(failure instanceof Failure)) throw failure ?? new Error("it did not fail");
  equal(failure.code, code, failure.message);
  match(failure.message, found);
  return { failure, said, machine };
}

/** What real servers print when they do not come up, and what it means. */
const WORDS: readonly (readonly [ServerName, string, FailureCode])[] = [
  [
    "vllm",
    "(EngineCore_DP0 pid=412) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.02 GiB. GPU 0 has a total capacity of 23.53 GiB",
    "out_of_memory",
  ],
  [
    "vllm",
    "ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, which is larger than the available KV cache memory (3.05 GiB).",
    "out_of_memory",
  ],
  ["vllm", "ValueError: No available memory for the cache blocks.", "out_of_memory"],
  [
    "vllm",
    "ValueError: Free memory on device (3.1/23.53 GiB) on startup is less than desired GPU memory utilization (0.9, 21.18 GiB).",
    "vram_taken",
  ],
  [
    "vllm",
    "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/nosuch/model/resolve/main/config.json",
    "model_unknown",
  ],
  [
    "vllm",
    "OSError: nosuch/model is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
    "model_unknown",
  ],
  ["vllm", "huggingface_hub.errors.GatedRepoError: 403 Client Error.", "model_unknown"],
  ["vllm", "OSError: [Errno 28] No space left on device", "disk_too_small"],
  ["vllm", "RuntimeError: No CUDA GPUs are available", "cuda_failed"],
  [
    "vllm",
    "ValueError: User-specified max_model_len (131072) is greater than the derived max_model_len",
    "failed",
  ],
  [
    "vllm",
    "ValueError: Total number of attention heads (28) must be divisible by tensor parallel size (8).",
    "failed",
  ],
  ["vllm", "RuntimeError: Failed to load the weights of layer 7", "load_failed"],
  [
    "vllm",
    "ValueError: World size (4) is larger than the number of available GPUs (2) in this node. If this is intended",
    "failed",
  ],
  [
    "sglang",
    "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: 0.88",
    "out_of_memory",
  ],
  [
    "sglang",
    "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. (Request ID: Root=1-69)",
    "model_unknown",
  ],
  [
    "llama.cpp",
    "ggml_backend_cuda_buffer_type_alloc_buffer: cudaMalloc failed: out of memory",
    "out_of_memory",
  ],
  [
    "llama.cpp",
    "ggml_vulkan: Device memory allocation failed: vk::Device::allocateMemory: ErrorOutOfDeviceMemory",
    "out_of_memory",
  ],
  ["llama.cpp", "error from HF API, response code: 404, data: {}", "model_unknown"],
  ["llama.cpp", "gguf_init_from_file: failed to open GGUF file '/models/nosuch.gguf'", "model_unknown"],
];

for (const [name, line, code] of WORDS) {
  Deno.test(`${name} that says "${line.slice(0, 60)}…" fails as ${code}`, async () => {
    const trace = Array.from({ length: 60 }, (_, n) => `  File "core.py", line ${n}, in run`);
    const dies = ["INFO starting", line, ...trace, "RuntimeError: Engine core initialization failed."];
    const { failure } = await fails(name, { dies }, code, /^Cannot load /);
    if (code !== "load_failed") ok(failure.message.endsWith(line), failure.message);
  });
}

const OPTIONS = { vllm: " --torch-backend=auto", sglang: "" } as const;
const UV = "https://github.com/astral-sh/uv/releases/download/";

for (const name of ["vllm", "sglang"] as const) {
  Deno.test(`${name} that the image lacks comes into a folder of its own, once, each package with the hash that the index tells`, async () => {
    await started(name, { installed: false }, async ({ machine, world }) => {
      const venv = `${machine.host.workdir}/${name}/${USUAL[name]}`;
      const python = `--python ${venv}/bin/python`;
      const done = (await machine.installs()).filter((line) => !/^(apt-get|sudo)/.test(line));
      const [sums = "", file = "", ...uv] = done;
      ok(sums.startsWith(`curl ${UV}`) && sums.endsWith("-unknown-linux-gnu.tar.gz.sha256"), sums);
      equal(sums, `${file}.sha256`);
      deepEqual(uv, [
        `uv venv --python 3.12 ${venv}`,
        `uv pip compile --quiet --generate-hashes --no-annotate --no-header ${python}${
          OPTIONS[name]
        } -o ${venv}.txt -`,
        `uv pip install ${python} --require-hashes${OPTIONS[name]} -r ${venv}.txt`,
      ]);
      const program = name === "vllm" ? "vllm" : "python3";
      ok(machine.orders[0]?.command.includes(`${venv}/bin/${program}`));
      const again = await engines[name].start(EngineChoice.parse({ name }), MODELS[name], capacity, world);
      await again[Symbol.asyncDispose]();
      equal((await machine.installs()).filter((line) => line.startsWith("uv pip install")).length, 1);
    });
  });

  Deno.test(`${name} whose package has another hash than the index tells is not run`, async () => {
    const found = new RegExp(`Cannot install ${TITLES[name]}: cause: Hash mismatch for \`torch==2.14.0\``);
    const { machine } = await fails(name, {}, "wrong_checksum", found, {
      installed: false,
      altered: "package",
    });
    deepEqual(machine.orders, []);
  });
}

for (const name of NAMES) {
  const what = name === "llama.cpp" ? "llama-b10356-bin-ubuntu-vulkan" : "uv-\\w+-unknown-linux-gnu";
  Deno.test(`${name}: a file that is not its publisher's is not run`, async () => {
    const found = new RegExp(
      `Cannot install ${TITLES[name]}: wrong SHA-256: ${what}\\S* has \\w{64} instead of`,
    );
    const { machine } = await fails(name, {}, "wrong_checksum", found, { installed: false, altered: "file" });
    deepEqual(machine.orders, []);
  });

  for (
    const [what, options, taken, source] of [
      ["of which none is asked for is the usual one", { installed: false }, USUAL[name], "fetched"],
      [
        "of which the latest is asked for is the newest",
        { installed: false, asked: "latest" },
        NEWEST[name],
        "fetched",
      ],
      [
        "of which one is asked for is that",
        { installed: false, asked: NEWEST[name] },
        NEWEST[name],
        "fetched",
      ],
      ["that the image brings as asked is taken", { asked: USUAL[name] }, USUAL[name], "image"],
      [
        "that the image brings as the newest is taken",
        { version: NEWEST[name], asked: "latest" },
        NEWEST[name],
        "image",
      ],
      [
        "that the image brings in another version comes as asked beside it",
        { asked: NEWEST[name] },
        NEWEST[name],
        "fetched",
      ],
    ] as [string, MachineOptions & { asked?: string }, string, "fetched" | "image"][]
  ) {
    Deno.test(`${name}: a version ${what}, and that is told`, async () => {
      await started(name, options, ({ running, machine }) => {
        const { sha256, source: from, ...told } = JSON.parse(running.agentEnv.ENGINE_INSTALL ?? "");
        deepEqual(told, { asked: options.asked ?? null, version: taken });
        equal(running.version, name === "llama.cpp" ? `${taken}-5e9c6354` : taken);
        if (source === "image") return Promise.resolve(deepEqual([from, sha256], ["image", null]));
        match(
          from,
          name === "llama.cpp" ? new RegExp(`^https://github\\.com/.*/${taken}/`) : /^PyPI, by uv \d/,
        );
        match(sha256, /^[0-9a-f]{64}$/);
        ok(machine.orders[0]?.command[4]?.startsWith(machine.host.workdir));
        return Promise.resolve();
      });
    });
  }

  Deno.test(`${name} that tells another version than the one that was installed is not measured`, async () => {
    const found = new RegExp(`Cannot measure ${TITLES[name]} ${USUAL[name]}: \\S+ answers`);
    const version = name === "llama.cpp" ? "b9999" : "9.9.9";
    await fails(name, { version }, "wrong_version", found, { installed: false });
  });

  Deno.test(`${name} of a host that is not ours must be of the version that is asked for`, async () => {
    const at = async (told: string, asked: string) => {
      await using server = fakeServer(name, [MODELS[name]], { version: told });
      const choice = EngineChoice.parse({ name, url: server.url, version: asked });
      await using running = await engines[name].start(choice, MODELS[name], capacity, engineWorld());
      return JSON.parse(running.agentEnv.ENGINE_INSTALL ?? "");
    };
    const version = name === "llama.cpp" ? `${USUAL[name]}-5e9c6354` : USUAL[name];
    deepEqual(await at(USUAL[name], USUAL[name]), {
      asked: USUAL[name],
      version,
      source: "running",
      sha256: null,
    });
    await rejects(at(USUAL[name], NEWEST[name]), (error: Failure) => {
      match(error.message, new RegExp(`Cannot measure ${TITLES[name]} ${NEWEST[name]}: ${version} answers`));
      return error.code === "wrong_version";
    });
  });
}

Deno.test("vLLM that does not tell its version cannot be held to one", async () => {
  await using server = fakeServer("vllm", ["m"], { version: "" });
  const choice = EngineChoice.parse({ name: "vllm", url: server.url, version: "0.33.0" });
  const found = /Cannot measure vLLM 0\.33\.0: it does not tell its version/;
  await rejects(engines.vllm.start(choice, "m", capacity, engineWorld()), found);
});

Deno.test("llama.cpp that the image lacks comes as its usual build, once", async () => {
  await started("llama.cpp", { installed: false }, async ({ machine, world }) => {
    const curls = async () => (await machine.installs()).filter((line) => line.startsWith("curl"));
    equal((await curls()).length, 1);
    match((await curls())[0] ?? "", /b10356\/llama-b10356-bin-ubuntu-vulkan-(x64|arm64)\.tar\.gz$/);
    const choice = EngineChoice.parse({ name: "llama.cpp" });
    const again = await engines["llama.cpp"].start(choice, MODELS["llama.cpp"], capacity, world);
    await again[Symbol.asyncDispose]();
    equal((await curls()).length, 1);
  });
});

for (const name of NAMES) {
  Deno.test(`${name}'s installer that fails is told with its last lines, a full disk as such`, async () => {
    const broken = { installed: false, installFails: "error: no such distribution" };
    const found = new RegExp(
      `Cannot install ${TITLES[name]}: (cannot fetch \\S+: )?error: no such distribution`,
    );
    const { said } = await fails(name, {}, "install_failed", found, broken);
    match(said.at(-1) ?? "", /^ {2}.*error: no such distribution$/);
    const full = { installed: false, installFails: "write error: No space left on device" };
    await fails(name, {}, "disk_too_small", /No space left on device/, full);
  });
}

Deno.test("llama.cpp that finds no GPU is not measured on the processor", async () => {
  for (const devices of ["", "  Vulkan0: llvmpipe (LLVM 19.1.7, 256 bits) (64000 MiB, 64000 MiB free)"]) {
    const { failure, machine } = await fails("llama.cpp", {}, "cuda_failed", /llama\.cpp finds none/, {
      devices,
    });
    match(failure.hint, /server-cuda/);
    deepEqual(machine.orders, []);
  }
});

Deno.test("llama.cpp takes a .gguf file by its path", async () => {
  const model = "/models/qwen2.gguf";
  const command = await started(
    "llama.cpp",
    { model },
    ({ machine }) => Promise.resolve(machine.orders[0]?.command ?? []),
  );
  equal(command[command.indexOf("-m") + 1], model);
  equal(command.includes("-hf"), false);
});

Deno.test("the last words of a server that runs are those that it printed last", async () => {
  const prints = Array.from({ length: 30 }, (_, n) => `line ${n}`);
  await started("vllm", { faults: { prints } }, async ({ running }) => {
    const words = await until(async () => {
      const told = await running.lastWords?.() ?? [];
      return told.includes("line 29") ? told : null;
    });
    deepEqual(words, prints.slice(-10));
  });
});

Deno.test("SGLang's version is found where older versions tell it", async () => {
  await started("sglang", { faults: { old: true } }, ({ running }) => {
    equal(running.version, "0.5.16");
    return Promise.resolve();
  });
});

Deno.test("llama-server without --metrics says so when it is asked for its counters", async () => {
  await using server = fakeServer("llama.cpp", ["m"], { bare: true });
  const choice = EngineChoice.parse({ name: "llama.cpp", url: server.url });
  await using running = await engines["llama.cpp"].start(choice, "m", capacity, engineWorld());
  await rejects(
    async () => await engines["llama.cpp"].scrape?.(running, engineWorld()),
    /Cannot read the counters of llama\.cpp: the engine answered 501: This server does not support metrics/,
  );
});

Deno.test("vLLM V0's counters are read under their older names", async () => {
  await using server = fakeServer("vllm", ["m"], { metrics: "vllm_v0" });
  const choice = EngineChoice.parse({ name: "vllm", url: `${server.url}/v1` });
  await using running = await engines.vllm.start(choice, "m", capacity, engineWorld());
  deepEqual(Object.values(await engines.vllm.scrape?.(running, engineWorld()) ?? {}), [1, 0, 8, 40, 0.5]);
});

Deno.test("a server that runs already with too short a context is used, and that is said", async () => {
  await using server = fakeServer("vllm", ["m"]);
  const said: string[] = [];
  const long = { ...capacity, context_tokens: 4096 };
  const choice = EngineChoice.parse({ name: "vllm", url: server.url });
  await using _running = await engines.vllm.start(choice, "m", long, engineWorld(said));
  deepEqual(said, ["vLLM takes 1024 tokens a request, fewer than the 4096 asked for"]);
});
