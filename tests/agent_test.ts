// The agent against engines that stand in for real ones: every way a request can go wrong, and what it leaves behind.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../pipeline/agent/config.ts";
import { isHere } from "../pipeline/agent/here.ts";
import { promptFor, promptPlanOf } from "../pipeline/agent/prompts.ts";
import { STANDARD_PROMPTS } from "../pipeline/agent/prompts/standard.ts";
import { run, type Watcher } from "../pipeline/agent/run.ts";
import { quantizationOf } from "../pipeline/agent/weights.ts";
import { ChunkLine } from "../pipeline/schema/chunk.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import { deafUrl, faultAfter } from "./fixtures.ts";
import { fakeOllama, type OllamaFaults } from "./fakes/ollama.ts";
import { fakeOpenai, type OpenaiFaults } from "./fakes/openai.ts";
import { fakeServer, type ServerFaults, type ServerName } from "./fakes/server.ts";

const quiet: Watcher = { progress: () => undefined, ended: () => undefined };

async function measure(env: Record<string, string>, stop = new AbortController()) {
  const out = await Deno.makeTempDir();
  const config = readConfig({ DURATION: "0.05", WARMUP: "1", MAX_TOKENS: "8", OUT: out, ...env }, new Date());
  let failure: unknown = null;
  try {
    await run(config, stop.signal, quiet);
  } catch (error) {
    failure = error;
  }
  const read = (name: string) => Deno.readTextFile(join(out, name)).catch(() => null);
  const jsonl = (text: string | null) =>
    text?.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const lines = jsonl(await read("results.jsonl"))?.map((line) => RequestLine.parse(line)) ?? [];
  const chunks = jsonl(await read("chunks.jsonl"))?.map((line) => ChunkLine.parse(line)) ?? null;
  const metadata = Metadata.parse(JSON.parse(await Deno.readTextFile(join(out, "metadata.json"))));
  const gpu = await read("gpu.csv");
  const log = await Deno.readTextFile(join(out, "agent.log"));
  await Deno.remove(out, { recursive: true });
  return { lines, chunks, metadata, gpu, log, failure };
}

async function measureOllama(faults: OllamaFaults, env: Record<string, string> = {}) {
  await using ollama = fakeOllama(["qwen2:7b"], faults);
  return { ...await measure({ MODEL: "qwen2:7b", URL: ollama.url, ...env }), requests: ollama.requests };
}

async function measureOpenai(faults: OpenaiFaults, env: Record<string, string> = {}) {
  await using openai = fakeOpenai(["m"], faults);
  return {
    ...await measure({ MODEL: "m", ENGINE: "openai", URL: openai.url, ...env }),
    requests: openai.requests,
  };
}

Deno.test("each line has the engine's counts, ordered monotonic times, its phase, level and kind of prompt", async () => {
  const { lines, metadata } = await measureOllama({}, {
    CONCURRENCY: "1,2",
    ORDER: "given",
    REPEAT_FIRST: "0",
  });
  deepEqual([...new Set(lines.map((line) => `${line.phase} ${line.level}`))], [
    "warmup 1",
    "measure 1",
    "warmup 2",
    "measure 2",
  ]);
  for (const line of lines) {
    deepEqual([line.tok, line.prompt_tok, line.frames, line.stop, line.err], [8, 40, 8, "length", false]);
    const times = [
      line.scheduled_ns,
      line.sent_ns,
      line.headers_ns,
      line.first_text_ns,
      line.first_answer_ns,
      line.last_text_ns,
      line.end_ns,
    ].map(Number);
    deepEqual(times, times.toSorted((a, b) => a - b));
  }
  deepEqual(lines.map((line) => line.n).toSorted((a, b) => a - b), lines.map((_, n) => n));
  equal(metadata.model.quantization, "Q4_0");
  equal(metadata.model.size_vram_bytes, metadata.model.size_loaded_bytes);
  deepEqual(metadata.summary?.levels?.map((level) => [level.level, level.interrupted]), [[1, false], [
    2,
    false,
  ]]);
  ok(metadata.completed_at);
});

Deno.test("every request has its line of chunk times, the same numbers as its line of results, unless CHUNKS is 0", async () => {
  const { lines, chunks } = await measureOllama({}, { CONCURRENCY: "2" });
  deepEqual(
    chunks?.map(({ n, phase, level, first_ns, gaps_us }) => [n, phase, level, first_ns, gaps_us.length + 1]),
    lines.map(({ n, phase, level, first_text_ns, frames }) => [n, phase, level, first_text_ns, frames]),
  );
  equal((await measureOllama({}, { CHUNKS: "0" })).chunks, null);
});

Deno.test("no two prompts begin alike, and all four kinds are asked", async () => {
  const { requests } = await measureOllama({}, { DURATION: "0.3" });
  const prompts = requests.flatMap(({ body }) => typeof body.prompt === "string" ? [body.prompt] : []);
  equal(new Set(prompts.map((prompt) => prompt.slice(0, 14))).size, prompts.length);
  equal(STANDARD_PROMPTS.length, 10);
  deepEqual(
    new Set(STANDARD_PROMPTS.map((prompt) => prompt.kind)),
    new Set(["coding", "technical", "creative", "general"]),
  );
  const plan = promptPlanOf(readConfig({ MODEL: "m" }, new Date()), "abcd");
  match(promptFor(13, plan).text, /^\[abcd-13\] /);
});

for (
  const [what, faults, error_class, words] of [
    ["answers 500", { status: 500 }, "http", /HTTP 500: llama runner process has terminated/],
    [
      "answers 200 with an error inside the stream",
      { errorAfter: { tokens: 3, error: "CUDA error: out of memory" } },
      "in_stream",
      /CUDA error: out of memory/,
    ],
    ["ends the stream early", { endAfter: 3 }, "truncated", /ended early, after 3 frames/],
    ["answers without any text", { empty: true }, "empty", /no text/],
  ] as const
) {
  Deno.test(`an engine that ${what} fails each request as ${error_class} and is given up with the reason`, async () => {
    // It is given up long before.
    const { lines, failure, metadata } = await measureOllama(faults, { DURATION: "60" });
    ok(lines.length > 0);
    for (const line of lines) deepEqual([line.err, line.error_class], [true, error_class]);
    match(String(lines[0]?.error_msg), words);
    match(String(failure), /failed \d+ times in a row/);
    match(String(failure), words);
    equal(metadata.completed_at, null);
  });
}

Deno.test("an engine that hangs fails its requests as timeouts", async () => {
  const { lines } = await measureOllama({ hangAfter: 2 }, { TIMEOUT: "0.05", WARMUP: "0" });
  ok(lines.length > 0);
  for (const line of lines) deepEqual([line.error_class, line.frames], ["timeout", 2]);
});

Deno.test("an engine that is not there fails as connect", async () => {
  const { lines, failure } = await measure({ MODEL: "m", URL: deafUrl() });
  equal(lines[0]?.error_class, "connect");
  match(String(failure), /failed 5 times in a row/);
});

Deno.test("single failures between successes are recorded and the measurement goes on", async () => {
  let asked = 0;
  const { lines, failure } = await measureOllama({ status: 503, when: () => asked++ % 3 === 2 }, {
    DURATION: "0.2",
  });
  equal(failure, null);
  ok(lines.some((line) => line.err === true) && lines.some((line) => line.err === false));
});

for (const api of ["chat", "completions"] as const) {
  Deno.test(`OpenAI's ${api} streams are counted by their usage frame`, async () => {
    const { lines, requests, metadata } = await measureOpenai({ crlf: true }, { API: api, RUNTIME: "vllm" });
    for (const line of lines) {
      deepEqual([line.tok, line.prompt_tok, line.cached_tok, line.frames, line.err], [8, 33, 0, 8, false]);
    }
    ok(requests.some(({ path }) => path === (api === "chat" ? "/v1/chat/completions" : "/v1/completions")));
    deepEqual([metadata.model.runtime, metadata.model.runtime_version], ["vllm", "0.11.2"]);
  });
}

Deno.test("without a usage frame tokens are the frames with text", async () => {
  const { lines } = await measureOpenai({ noUsage: true });
  deepEqual([lines[0]?.tok, lines[0]?.prompt_tok], [8, null]);
});

Deno.test("an OpenAI stream without its end is truncated, one with an error frame failed in the stream", async () => {
  equal((await measureOpenai({ endAfter: 2 })).lines[0]?.error_class, "truncated");
  const { lines } = await measureOpenai({ errorAfter: { tokens: 1, error: { message: "engine died" } } });
  deepEqual([lines[0]?.error_class, lines[0]?.error_msg], ["in_stream", "engine died"]);
});

Deno.test("an endpoint's key is sent and never written down", async () => {
  const key = "sk-very-secret";
  const measured = await measureOpenai({ key }, { API_KEY: key });
  equal(measured.failure, null);
  equal(JSON.stringify([measured.lines, measured.metadata, measured.log]).includes(key), false);
  match(String((await measureOpenai({ key })).failure), /HTTP 401: Unauthorized/);
});

Deno.test("a stopped measurement keeps its lines, says so, and has no end", async () => {
  const stop = new AbortController();
  const { when, begun } = faultAfter(4);
  await using ollama = fakeOllama(["m:latest"], { when, hangAfter: 1 });
  const stopping = measure({ MODEL: "m", URL: ollama.url, DURATION: "60", WARMUP: "0" }, stop);
  await begun;
  stop.abort();
  const { lines, metadata, failure } = await stopping;
  equal(failure, null);
  equal(lines.filter((line) => line.err === false).length, 4);
  equal(lines.at(-1)?.error_class, "stopped");
  equal(metadata.completed_at, null);
  deepEqual(metadata.summary?.levels?.map((level) => level.interrupted), [true]);
});

Deno.test("a machine without nvidia-smi has no gpu.csv and is named by its processor", async () => {
  const { gpu, metadata } = await measureOllama({});
  equal(gpu, null);
  deepEqual([metadata.hardware.gpu_name, metadata.hardware.gpu_count], [null, 0]);
  ok((metadata.hardware.cpu_model ?? "").length > 0);
});

for (
  const [url, here] of [
    ["http://127.0.0.1:8000", true],
    ["http://127.1.2.3:8000/v1", true],
    ["http://[::1]:8000", true],
    ["http://localhost:8000", true],
    ["http://192.0.2.1:8000", false],
    ["https://[2001:db8::1]", false],
  ] as const
) {
  Deno.test(`${url} is ${here ? "this machine" : "another machine"}`, async () => {
    equal(await isHere(url), here);
  });
}

for (
  const [engine, version, reset] of [
    ["vllm", "0.11.2", "/reset_prefix_cache"],
    ["sglang", "0.5.16", "/flush_cache"],
    ["llama.cpp", "b10356-5e9c6354", null],
  ] as const
) {
  Deno.test(`${engine} is named with its version and flags, and no level finds another's prompts in its cache`, async () => {
    await using server = fakeServer(engine, ["m"]);
    const { lines, metadata, log } = await measure({
      MODEL: "m",
      ENGINE: engine,
      URL: server.url,
      CONCURRENCY: "1,2",
      REPEAT_FIRST: "0",
      ENGINE_FLAGS: '["--enforce-eager"]',
      ENGINE_INSTALL: JSON.stringify({ asked: "latest", version, source: "PyPI", sha256: "0f".repeat(32) }),
      ...(reset === null ? {} : { RESET_URL: `${server.url}${reset}` }),
    });
    deepEqual([metadata.model.runtime, metadata.model.runtime_version], [engine, version]);
    deepEqual(metadata.test_config?.engine_flags, ["--enforce-eager"]);
    deepEqual(metadata.model.runtime_install, {
      asked: "latest",
      version,
      source: "PyPI",
      sha256: "0f".repeat(32),
    });
    equal(metadata.agent_runtime, `deno ${Deno.version.deno}`);
    ok(lines.every(({ err, cached_tok }) => err !== true && cached_tok === 0));
    const asked = server.requests.filter(({ asked }) => asked.startsWith("POST"));
    equal(asked.filter((request) => request.asked === `POST ${reset}`).length, reset === null ? 0 : 2);
    if (reset !== null) equal(asked[0]?.asked, `POST ${reset}`);
    const requests = asked.filter(({ asked }) => asked === "POST /v1/chat/completions");
    ok(requests.every(({ body }) => body.cache_prompt === (reset === null ? false : undefined)));
    ok(!log.includes("cache was not emptied"));
  });
}

Deno.test("an engine tells how its weights are kept, and whether it made them up", async () => {
  const told = async (engine: ServerName, faults: ServerFaults) => {
    await using server = fakeServer(engine, ["m"], faults);
    const { quantization, weights } =
      (await measure({ MODEL: "m", ENGINE: engine, URL: server.url })).metadata.model;
    return [quantization, weights];
  };
  deepEqual(await told("vllm", {}), ["BF16", "real"]);
  deepEqual(await told("vllm", { dummy: true }), ["BF16", "random"]);
  deepEqual(await told("vllm", { bare: true }), [null, "real"]);
  deepEqual(await told("sglang", {}), ["FP8", "real"]);
  deepEqual(await told("llama.cpp", {}), ["Q4_K_M", "real"]);
  deepEqual(await told("sglang", { old: true, dummy: true }), ["FP8", "random"]);
});

Deno.test("a GGUF file's kind is named as such files are", () => {
  const words = [
    ...[
      "Q4_K - Medium",
      "Q3_K - Large",
      "Q2_K - Small",
      "Q2_K - Medium",
      "(guessed) Q5_K - Small",
      "Q6_K",
      "Q8_0",
    ],
    ...["all F32", "BF16", "IQ4_XS - 4.25 bpw", "IQ3_S mix - 3.66 bpw", "IQ3_S - 3.4375 bpw", "MXFP4 MoE"],
    ...["TQ1_0 - 1.69 bpw ternary", "unknown, may not work", ""],
  ];
  deepEqual(words.map(quantizationOf), [
    ...["Q4_K_M", "Q3_K_L", "Q2_K_S", "Q2_K", "Q5_K_S", "Q6_K", "Q8_0"],
    ...["F32", "BF16", "IQ4_XS", "IQ3_M", "IQ3_S", "MXFP4"],
    ...["TQ1_0", null, null],
  ]);
});

Deno.test("a cache that cannot be emptied is told in the agent's log, and the level is measured", async () => {
  await using server = fakeServer("vllm", ["m"], { bare: true });
  const RESET_URL = `${server.url}/reset_prefix_cache`;
  const { lines, log } = await measure({ MODEL: "m", ENGINE: "vllm", URL: server.url, RESET_URL });
  match(log, /the engine's cache was not emptied: it answered 404/);
  ok(lines.length > 0);
});

Deno.test("wrong settings are refused with every fault named", async () => {
  const refuse = (env: Record<string, string>) => Promise.try(() => readConfig(env, new Date()));
  await rejects(refuse({}), /MODEL/);
  await rejects(refuse({ MODEL: "m", ENGINE_FLAGS: "--a" }), /ENGINE_FLAGS: it is not JSON/);
  await rejects(refuse({ MODEL: "m", CONCURRENCY: "0", DURATION: "-1", URL: "here" }), (error: Error) => {
    for (const name of ["CONCURRENCY", "DURATION", "URL"]) match(error.message, new RegExp(name));
    return true;
  });
});
