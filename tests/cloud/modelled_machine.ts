// A machine that is only a model of one, in this process: for trials with more machines than one computer can run.
import { join } from "node:path";
import type { Clock } from "../../pipeline/lib/clock.ts";
import type { Job, JobOrder, JobView, Machine } from "../../pipeline/machines/machine.ts";
import type { Tally } from "../../pipeline/schema/tally.ts";
import type { Stock } from "./cloud.ts";

const WORKDIR = "/modelled/.gpu-almanac";
const TOKENS_PER_SECOND = 80;
const PULL_GB_S = 0.5;
const MODEL_GB = 4;
const STEPS = 20;
/** What an installer tells where there is nothing to do. */
const IMAGE_HAS_IT = ["@program /usr/local/bin/ollama", "@version ", "@source image", "@sha256 "];

/** The machine behind an offer; it takes the time that a real one would take, by `clock`. */
export class ModelledMachine implements Machine {
  readonly workdir = WORKDIR;
  readonly deno = null;
  readonly #pulled = new Set<string>();
  readonly #jobs = new Map<string, ModelledJob>();

  constructor(readonly stock: Stock, readonly clock: Clock) {}

  run: Machine["run"] = (command, { onStdout } = {}) => {
    if (command.some((word) => word.includes("nvidia-smi --query-gpu"))) {
      this.#facts().forEach((line) => onStdout?.(line));
    }
    if (command[3] === "install") IMAGE_HAS_IT.forEach((line) => onStdout?.(line));
    return Promise.resolve(0);
  };

  launch = (order: JobOrder): Promise<Job> => {
    const known = this.#jobs.get(order.name);
    const job = known !== undefined && order.ended === "keep" ? known : new ModelledJob(order, this.clock);
    this.#jobs.set(order.name, job);
    return Promise.resolve(job);
  };

  upload(): Promise<void> {
    return Promise.resolve();
  }

  async download(from: string, to: string): Promise<string[]> {
    const agent = [...this.#jobs.values()].find(({ order }) => order.env.OUT === from);
    if (agent === undefined) throw new Deno.errors.NotFound(from);
    await Deno.mkdir(to, { recursive: true });
    await Deno.writeTextFile(join(to, "results.jsonl"), agent.results());
    await Deno.writeTextFile(join(to, "metadata.json"), JSON.stringify(agent.metadata(this.stock)));
    return [];
  }

  fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : {};
    const { model } = body as { model?: string };
    const tag = (name: string) => ({ name, size: MODEL_GB * 1e9, size_vram: MODEL_GB * 1e9 });
    switch (pathname) {
      case "/api/version":
        return Response.json({ version: "0.12.9-modelled" });
      case "/api/tags":
      case "/api/ps":
        return Response.json({ models: [...this.#pulled].map(tag) });
      case "/api/pull":
        return this.#pull(String(model));
      default:
        await this.clock.sleep(5, init?.signal ?? undefined);
        return Response.json({ model, response: "", done: true });
    }
  };

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #pull(model: string): Response {
    const lines = async function* (machine: ModelledMachine) {
      const total = MODEL_GB * 1e9;
      for (let step = 1; step <= STEPS; step++) {
        await machine.clock.sleep(MODEL_GB / PULL_GB_S / STEPS);
        yield { status: "pulling", digest: "sha256:1", total, completed: total * step / STEPS };
      }
      machine.#pulled.add(model);
      yield { status: "success" };
    };
    const text = ReadableStream.from(lines(this)).pipeThrough(
      new TransformStream<object, string>({
        transform: (frame, controller) => controller.enqueue(`${JSON.stringify(frame)}\n`),
      }),
    );
    return new Response(text.pipeThrough(new TextEncoderStream()));
  }

  #facts(): string[] {
    const { card, gpu_count, cuda } = this.stock;
    return [
      `clock ${Math.floor(this.clock.now() / 1000)}`,
      "system Linux x86_64",
      "disk 900000000",
      ...Array.from({ length: gpu_count }, () => `gpu ${card.name}, ${card.memory_mib}, 300, 570.124.04`),
      `cuda | CUDA Version: ${cuda} |`,
      "deno deno 2.9.6 (stable) /usr/bin/deno",
    ];
  }
}

/** The engine's server and the dead man run until they are stopped; the agent until its window is over. */
class ModelledJob implements Job {
  readonly #began: number;
  readonly #seconds: number;
  #told = 0;
  #stopped = false;

  constructor(readonly order: JobOrder, readonly clock: Clock) {
    this.#began = clock.now();
    this.#seconds = order.env.OUT === undefined ? Infinity : Number(order.env.DURATION);
  }

  poll(): Promise<JobView> {
    const elapsed = Math.min(this.#elapsed(), this.#seconds);
    const out: string[] = [];
    for (; this.#seconds < Infinity && this.#told < Math.floor(elapsed); this.#told++) {
      out.push(JSON.stringify(this.#tally(this.#told + 1)));
    }
    const isOver = this.#stopped || elapsed >= this.#seconds;
    return Promise.resolve({
      running: !isOver,
      code: !isOver ? null : this.#stopped ? 143 : 0,
      out,
      err: ["Listening on 127.0.0.1"],
    });
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return Promise.resolve();
  }

  results(): string {
    const requests = Math.floor(Math.min(this.#elapsed(), this.#seconds) * TOKENS_PER_SECOND / 256);
    return Array.from({ length: Math.max(1, requests) }, (_, n) =>
      `${
        JSON.stringify({
          t: this.#began / 1000 + n * 3.2,
          n,
          tok: 256,
          tps: TOKENS_PER_SECOND,
          dur: 3.2,
          err: false,
          phase: "measure",
          level: 1,
        })
      }\n`).join("");
  }

  metadata({ card, gpu_count }: Stock): object {
    const { MODEL, DURATION } = this.order.env;
    return {
      benchmark_version: "1.0",
      started_at: new Date(this.#began).toISOString(),
      completed_at: this.#elapsed() < this.#seconds ? null : new Date(this.clock.now()).toISOString(),
      hostname: "modelled",
      hardware: { gpu_name: card.name, gpu_memory_mib: card.memory_mib, gpu_count },
      model: { name: MODEL, runtime: "ollama" },
      test_config: { duration_seconds: Number(DURATION) },
    };
  }

  #tally(second: number): Tally {
    const tokens = second * TOKENS_PER_SECOND;
    return {
      arrival: "closed",
      level: 1,
      phase: "measure",
      step: 1,
      steps: 1,
      elapsed_seconds: second,
      planned_seconds: this.#seconds,
      requests: Math.floor(tokens / 256),
      tokens,
      errors: 0,
      frames: tokens,
      in_flight: 1,
      tokens_per_second: TOKENS_PER_SECOND,
    };
  }

  /** Seconds of the clock since it began. */
  #elapsed(): number {
    return (this.clock.now() - this.#began) / ((this.clock.after(1000) - this.clock.now()) / 1000);
  }
}
