// The "ollama" of a simulated machine: the real protocol, streamed in real time at the speed that memory bandwidth would give.
import { join } from "node:path";
import { hold } from "./hold.ts";
import type { EngineSettings } from "./machine.ts";
import { bytesOf } from "./models.ts";
import { firstTokenMs, tokensPerSecond } from "./speed.ts";

type Body = Record<string, unknown>;

const VERSION = Deno.env.get("OLLAMA_VERSION") ?? "";
/** So many requests in flight halve the speed of each. */
const HALVED_AT = 8;
/** Pulls and loads of the model with which a machine is tried do not fail. */
const TRIED_WITH = "qwen2:1.5b";
const state = Deno.env.get("STATE") ?? ".";
const settings: EngineSettings = JSON.parse(await Deno.readTextFile(join(state, "engine.json")));
const loaded = new Map<string, number>();
let prompts = 0;
let inFlight = 0;

if (Deno.args[0] !== "serve") {
  Deno.stdout.writeSync(new TextEncoder().encode(`ollama version is ${VERSION}\n`));
  Deno.exit(0);
}
if (settings.dead === true) {
  Deno.stderr.writeSync(new TextEncoder().encode("Error: listen tcp: address already in use\n"));
  Deno.exit(1);
}
const host = new URL(
  `http://${(Deno.env.get("OLLAMA_HOST") ?? "127.0.0.1:11434").replace(/^https?:\/\//, "")}`,
);
try {
  listen();
} catch (error) {
  if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  Deno.stderr.writeSync(
    new TextEncoder().encode(`Error: listen tcp ${host.host}: bind: address already in use\n`),
  );
  Deno.exit(1);
}

function listen(): void {
  Deno.serve({
    hostname: host.hostname,
    port: Number(host.port),
    onListen: ({ hostname, port }) =>
      Deno.stderr.writeSync(
        new TextEncoder().encode(`level=INFO msg="Listening on ${hostname}:${port} (version ${VERSION})"\n`),
      ),
  }, answer);
}

async function answer(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname;
  const body: Body = request.method === "POST" ? await request.json() : {};
  const model = full(String(body.model ?? ""));
  if (settings.redirects !== undefined) {
    return new Response(null, { status: 307, headers: { location: settings.redirects } });
  }
  if (settings.endless === true && path !== "/api/version") return endless();
  if (settings.nonsense === true && path !== "/api/tags") return new Response("<html>It works!</html>");
  const question = `${request.method} ${path}`;
  const odd = settings.odd?.[question];
  if (odd !== undefined) return new Response(odd);
  switch (question) {
    case "GET /api/version":
      return Response.json({ version: VERSION });
    case "GET /api/tags":
      return Response.json({ models: (await pulled()).map(tag) });
    case "GET /api/ps":
      return Response.json({
        models: [...loaded].map(([name, context_length]) => ({
          ...tag(name),
          context_length,
          size_vram: Math.round(bytesOf(name) * inVram(name)),
        })),
      });
    case "POST /api/show":
      return (await pulled()).includes(model)
        ? Response.json({ details: tag(model).details, capabilities: ["completion"], model_info: {} })
        : missing(model);
    case "POST /api/pull":
      return lines(pull(model));
    case "POST /api/generate":
      return await generate(model, body);
    default:
      return Response.json({ error: "404 page not found" }, { status: 404 });
  }
}

function endless(): Response {
  const part = new TextEncoder().encode('{"models": [').fill(32, 12);
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(part) }));
}

async function* pull(model: string): AsyncGenerator<object> {
  yield { status: "pulling manifest" };
  if (settings.unknownModels?.includes(model)) {
    return yield { error: "pull model manifest: file does not exist" };
  }
  const total = bytesOf(model);
  const isLarge = model !== TRIED_WITH;
  if (settings.pullError !== undefined && isLarge) return yield { error: settings.pullError };
  const digest = `sha256:${model.replace(/\W/g, "")}`;
  const stalls = isLarge ? settings.pullStalls ?? 0 : 0;
  if (stalls !== 0 && (stalls < 0 || await count("pull") <= stalls)) {
    yield { status: "pulling", digest, total, completed: Math.round(total * 0.37) };
    await new Promise(() => setTimeout(() => undefined, 2 ** 31 - 1));
  }
  const seconds = total / 1e9 / settings.pull_gb_s;
  for (let step = 1; step <= 10; step++) {
    await sleep(seconds * 100);
    yield { status: "pulling", digest, total, completed: Math.round(total * step / 10) };
  }
  await Deno.writeTextFile(join(state, "pulled"), `${model}\n`, { append: true });
  yield { status: "verifying sha256 digest" };
  yield { status: "success" };
}

async function generate(model: string, body: Body): Promise<Response> {
  if (!(await pulled()).includes(model)) return missing(model);
  if (body.keep_alive === 0) {
    loaded.delete(model);
    await holdLoaded();
    return Response.json({ model, response: "", done: true, done_reason: "unload" });
  }
  const options = (body.options ?? {}) as { num_predict?: number; num_ctx?: number };
  if (settings.outOfMemory === true && model !== TRIED_WITH) {
    return Response.json({ error: "llama runner process has terminated: cudaMalloc failed: out of memory" }, {
      status: 500,
    });
  }
  if (settings.loadError !== undefined && model !== TRIED_WITH) {
    return Response.json({ error: settings.loadError }, { status: 500 });
  }
  loaded.set(model, options.num_ctx ?? 4096);
  await holdLoaded();
  if (body.prompt === undefined) {
    return Response.json({ model, response: "", done: true, done_reason: "load" });
  }
  if (body.stream === false) return Response.json(decoded(model, options.num_predict ?? 128));
  prompts += 1;
  const over = (limit: number | undefined) => limit !== undefined && prompts > limit;
  if (over(settings.diesAfter)) {
    Deno.stderr.writeSync(new TextEncoder().encode("panic: runtime error: invalid memory address\n"));
    Deno.exit(139);
  }
  if (over(settings.hangsAfter)) await new Promise(() => setTimeout(() => undefined, 2 ** 31 - 1));
  if (over(settings.cudaErrorAfter)) {
    return Response.json({ error: "CUDA error: an illegal memory access was encountered" }, { status: 500 });
  }
  if (over(settings.failsAfter)) return Response.json({ error: "the runner is busy" }, { status: 503 });
  return lines(tokens(model, options.num_predict ?? 128));
}

/** Of several GPUs each holds a part of the layers: one works at a time. */
function speedOf(model: string): number {
  const { bandwidth_gb_s, efficiency } = settings;
  const work = { bytes: bytesOf(model), bandwidth_gb_s, efficiency, tensor_parallel_size: 1 };
  const speed = tokensPerSecond({ ...work, in_flight: inFlight, halved_at: HALVED_AT }, prompts);
  return speed * (inVram(model) < 1 ? 0.1 : 1);
}

/** Says how much of the GPUs' memory the loaded models take. */
async function holdLoaded(): Promise<void> {
  const held = [...loaded.keys()].reduce((sum, model) => sum + bytesOf(model) * inVram(model), 0);
  await hold(state, held, settings.gpus);
}

/** An answer that nobody watches: at once, with the times that it would have taken. */
function decoded(model: string, count: number): object {
  const took = Math.round(count / speedOf(model) * 1e9);
  return { model, response: " tok".repeat(count), done: true, eval_count: count, eval_duration: took };
}

async function* tokens(model: string, count: number): AsyncGenerator<object> {
  const frame = (fields: object) => ({ model, created_at: new Date().toISOString(), ...fields });
  const started = performance.now();
  inFlight += 1;
  const prefill = firstTokenMs({ in_flight: inFlight });
  try {
    let due = started + prefill;
    for (let n = 0; n < count; n++) {
      due += 1000 / speedOf(model);
      if (performance.now() < due) await sleep(due - performance.now());
      yield frame({ response: " tok", done: false });
    }
  } finally {
    inFlight -= 1;
  }
  const took = Math.round((performance.now() - started) * 1e6);
  yield frame({
    response: "",
    done: true,
    done_reason: "length",
    total_duration: took,
    load_duration: 1_000_000,
    prompt_eval_count: 40,
    prompt_eval_duration: Math.round(prefill * 1e6),
    eval_count: count,
    eval_duration: Math.max(1, took - Math.round(prefill * 1e6)),
  });
}

async function pulled(): Promise<string[]> {
  const text = await Deno.readTextFile(join(state, "pulled")).catch(() => "");
  return [...new Set(text.split("\n").filter((line) => line !== ""))];
}

async function count(what: string): Promise<number> {
  const path = join(state, `${what}.count`);
  const n = Number(await Deno.readTextFile(path).catch(() => "0")) + 1;
  await Deno.writeTextFile(path, String(n));
  return n;
}

function inVram(model: string): number {
  if (settings.noCuda === true) return 0;
  if (model === TRIED_WITH) return settings.smallInVram ?? 1;
  return settings.inVram ?? Math.min(1, settings.vram_gib * 2 ** 30 / bytesOf(model));
}

function tag(name: string) {
  return {
    name,
    model: name,
    size: bytesOf(name),
    digest: "845dbda0ea48ed749caafd9e6037047aa19acfcfd82e704d7ca97d631a0b697e",
    details: { format: "gguf", family: "simulated", parameter_size: "", quantization_level: "Q4_0" },
  };
}

function full(model: string): string {
  return model.includes(":") ? model : `${model}:latest`;
}

function missing(model: string): Response {
  return Response.json({ error: `model '${model}' not found` }, { status: 404 });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** NDJSON; a client that leaves ends it. */
function lines(frames: AsyncGenerator<object>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await frames.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
    },
    cancel: () => void frames.return(undefined),
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}
