// The `vllm`, `python3 -m sglang.launch_server` or `llama-server` of a simulated machine: SERVER names which. It refuses what the real
// one refuses, and streams in real time at the speed that its GPUs' memory would give.
import { join } from "node:path";
import { sse } from "../fakes/openai.ts";
import { answering, type Live, type ServerName } from "../fakes/server.ts";
import { flagsIn, isBare, modelIn, TAKEN } from "../fakes/server_flags.ts";
import { hold } from "./hold.ts";
import type { EngineSettings } from "./machine.ts";
import { bytesOf, quantizationOf, whyNot } from "./models.ts";
import { firstTokenMs, tokensPerSecond, type Work } from "./speed.ts";

/** So many requests in flight halve the speed of each. */
const HALVED_AT: Record<ServerName, number> = { vllm: 40, sglang: 44, "llama.cpp": 6 };
/** What an engine leaves free, and keeps for itself. */
const USABLE = 0.9;
const TOKENS_A_WORD = 1.3;

const name = Deno.env.get("SERVER") as ServerName;
const state = Deno.env.get("STATE") ?? ".";
const settings: EngineSettings = JSON.parse(await Deno.readTextFile(join(state, "engine.json")));
const told = (line: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
const read = flagsIn(name, Deno.args);
const given = "given" in read ? read.given : refuse(read.fault);
const file = given.get("-hf") ?? given.get("-m");
const served = modelIn(given) ?? file ?? refuse("error: no model is given");
const model = file ?? served;
const size = (flag: string) => Number(given.get(flag) ?? 1);
const tensor_parallel_size = size("--tensor-parallel-size");
const counts = { requests: 0, running: 0, generation: 0, prompt: 0 };

checkGpus();
checkModel();
await hold(state, held(), settings.gpus);
serve();

/** vLLM and SGLang take nearly all memory for keys and values. */
function held(): number {
  if (name === "llama.cpp") return bytesOf(model) * 1.1;
  const part = Number(given.get("--gpu-memory-utilization") ?? given.get("--mem-fraction-static") ?? USABLE);
  return settings.vram_gib * 2 ** 30 * part;
}

/** A world that is larger than the machine is refused in each engine's own words. */
function checkGpus(): void {
  const world = tensor_parallel_size * size("--pipeline-parallel-size") * size("--data-parallel-size");
  if (settings.gpus === 0 || settings.noCuda === true) refuse("RuntimeError: No CUDA GPUs are available");
  if (world <= settings.gpus) return;
  refuse(
    name === "vllm"
      ? `ValueError: World size (${world}) is larger than the number of available GPUs (${settings.gpus}) in this node.`
      : `RuntimeError: CUDA error: invalid device ordinal (${world} GPUs are asked for, ${settings.gpus} are there)`,
  );
}

/** The model must be had, and lie in the memory of the GPUs that hold it. */
function checkModel(): void {
  const refusal = whyNot(model, (Deno.env.get("HF_TOKEN") ?? "") !== "");
  if (refusal !== null) refuse(...refusal);
  if (settings.unknownModels?.includes(model)) {
    refuse(`OSError: ${model} is not a local folder and is not a valid model identifier listed on the hub`);
  }
  const holders = name === "llama.cpp"
    ? settings.gpus
    : tensor_parallel_size * size("--pipeline-parallel-size");
  const room = settings.vram_gib / settings.gpus * holders * USABLE;
  const needed = bytesOf(model) / 2 ** 30;
  if (settings.outOfMemory !== true && needed < room) return;
  refuse(
    `torch.OutOfMemoryError: CUDA out of memory. ${needed.toFixed(1)} GiB of weights, ${
      room.toFixed(1)
    } GiB to use.`,
    "RuntimeError: Engine core initialization failed. See root cause above.",
  );
}

function refuse(...lines: readonly string[]): never {
  lines.forEach(told);
  Deno.exit(1);
}

function serve(): void {
  const version = Deno.env.get("SERVER_VERSION");
  const live: Live = {
    complete,
    metrics,
    max_model_len: Number(given.get("--max-model-len") ?? given.get("--context-length") ?? 8192),
    tensor_parallel_size,
    quantization: quantizationOf(model),
  };
  const faults = { ...(version === undefined ? {} : { version }), bare: isBare(name, given) };
  try {
    Deno.serve({
      hostname: given.get("--host") ?? "0.0.0.0",
      port: Number(given.get("--port")),
      onListen: ({ port }) => told(`INFO:     Application startup complete, port ${port}.`),
    }, answering(name, [served], faults, [], live));
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) refuse(TAKEN[name]);
    throw error;
  }
}

function work(): Work {
  return {
    bytes: bytesOf(model),
    bandwidth_gb_s: settings.bandwidth_gb_s,
    efficiency: settings.efficiency,
    tensor_parallel_size,
    in_flight: counts.running,
    halved_at: HALVED_AT[name],
  };
}

async function complete(body: Record<string, unknown>, isChat: boolean): Promise<Response> {
  const n = counts.requests++;
  const tokens = Number(body.max_tokens ?? 16);
  if (body.stream !== true) {
    counts.running += 1;
    await sleep(firstTokenMs(work()) + tokens / tokensPerSecond(work(), n) * 1000);
    counts.running -= 1;
    counts.generation += tokens;
    return Response.json({ usage: { completion_tokens: tokens } });
  }
  const tokensOf = (words: number) => Math.ceil(words * TOKENS_A_WORD);
  const frames = sse(body, isChat, { tokensOf }).split("\n\n").filter((frame) => frame !== "");
  return new Response(streamed(frames, n), { headers: { "content-type": "text/event-stream" } });
}

/** The frames, each that carries a token when it is due; the rest with those before them. */
function streamed(frames: readonly string[], n: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let at = 0;
  let due = 0;
  const end = () => {
    counts.running -= at === -1 ? 0 : 1;
    at = -1;
  };
  return new ReadableStream({
    start() {
      counts.running += 1;
      due = performance.now() + firstTokenMs(work());
    },
    async pull(controller) {
      if (at >= frames.length) {
        end();
        return controller.close();
      }
      await sleep(due - performance.now());
      const ready: string[] = [];
      for (; at < frames.length && due <= performance.now(); at++) {
        const frame = frames[at] ?? "";
        ready.push(`${frame}\n\n`);
        if (frame.includes("tök")) {
          counts.generation += 1;
          due += 1000 / tokensPerSecond(work(), n);
        }
        counts.prompt += Number(/"prompt_tokens":(\d+)/.exec(frame)?.[1] ?? 0);
      }
      controller.enqueue(encoder.encode(ready.join("")));
    },
    cancel: end,
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function metrics(): string {
  const { running, generation, prompt } = counts;
  const [prefix, ...names] = {
    vllm: [
      "vllm",
      "num_requests_running",
      "num_requests_waiting",
      "generation_tokens_total",
      "prompt_tokens_total",
    ],
    sglang: [
      "sglang",
      "num_running_reqs",
      "num_queue_reqs",
      "generation_tokens_total",
      "prompt_tokens_total",
    ],
    "llama.cpp": [
      "llamacpp",
      "requests_processing",
      "requests_deferred",
      "tokens_predicted_total",
      "prompt_tokens_total",
    ],
  }[name];
  return [running, 0, generation, prompt].map((value, n) => `${prefix}:${names[n]} ${value}\n`).join("");
}
