// A server with OpenAI's routes as a job on a machine that is ours: started with a model, waited for, and ended.
import { sha256Hex } from "../lib/files.ts";
import { LINE_CHARACTERS } from "../machines/limits.ts";
import type { Job, JobOrder } from "../machines/machine.ts";
import { UserError } from "../errors.ts";
import { Failure } from "../schema/failures.ts";
import { shortText } from "../schema/text.ts";
import type { EngineHost, EngineWorld, Loaded, RunningEngine } from "./engine.ts";
import { ask } from "./http.ts";
import { meaningOf, PORT_TAKEN } from "./load_words.ts";
import { modelsAt, NOT_TOLD } from "./openai.ts";
import { launchWithVariables } from "./variables.ts";

/** A model of 140 GB comes in 40 minutes at 500 Mbit/s; the lease has a deadline of its own. */
const LOAD_SECONDS = 3600;
const POLL_SECONDS = 1;
/** So often it is looked for at least, however fast the clock goes: its start is real. */
const LEAST_POLLS = 60;
const TELL_SECONDS = 60;
const PORTS = 5;
const KEPT_LINES = 400;
const SHOWN_LINES = 10;
/** A long log is read in pieces. */
const MOST_PIECES = 50;

export interface ServerOrder {
  /** Its name for people. */
  readonly title: string;
  /** Begins its jobs' names: lower case and dashes. */
  readonly job: string;
  /** The command that serves `model` at a port. */
  readonly command: (model: string, port: number) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names of the user's variables that it is given. */
  readonly variables: readonly string[];
  /** What the agent must know when the server listens at `url`. */
  readonly agentEnv: (url: string) => Readonly<Record<string, string>>;
  /** Asks for its version. */
  readonly version: (url: string, world: EngineWorld) => Promise<string | null>;
}

/** An engine that is started with its model: it listens once `load` has ended well. */
export class ServerJob implements RunningEngine {
  url: string;
  version: string | null = null;
  #job: Job | null = null;
  #log: string[] = [];

  constructor(readonly order: ServerOrder, readonly host: EngineHost) {
    this.url = urlOf(host.port);
  }

  get agentEnv(): Readonly<Record<string, string>> {
    return this.order.agentEnv(this.url);
  }

  /** Starts the server, or finds the one that an earlier part of the run started with the same command; a Failure says why it does not serve. */
  async load(model: string, world: EngineWorld): Promise<Loaded> {
    const { title, job, command, env, variables, version } = this.order;
    world.onPhase("load");
    for (let n = 0; n < PORTS; n++) {
      const port = this.host.port + n;
      const words = command(model, port);
      this.url = urlOf(port);
      this.#log = [];
      world.log(`starting ${title} with ${model}`);
      const order: JobOrder = {
        name: `${job}-${port}-${sha256Hex(JSON.stringify(words)).slice(0, 8)}`,
        // Causes stand in both streams, and only the first is read whole.
        command: ["sh", "-c", 'exec "$@" 2>&1', "sh", ...words],
        env,
        ended: "restart",
      };
      this.#job = await launchWithVariables(variables, order, this.host);
      if (await this.#isServing(this.#job, model, world)) {
        this.version = await version(this.url, world);
        return NOT_TOLD;
      }
      if (!this.#log.some((line) => PORT_TAKEN.test(line))) break;
    }
    throw this.#failure(model, "it ended", world);
  }

  async lastWords(): Promise<readonly string[]> {
    for (let n = 0; n < MOST_PIECES && await this.#read() !== 0; n++);
    return this.#log.slice(-SHOWN_LINES);
  }

  async end(): Promise<void> {
    const job = this.#job;
    this.#job = null;
    await job?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  /** True when it serves `model`; false when it has ended. */
  async #isServing(job: Job, model: string, world: EngineWorld): Promise<boolean> {
    const deadline = world.clock.after(LOAD_SECONDS);
    let tellAt = world.clock.after(TELL_SECONDS);
    for (let polls = 1;; polls++) {
      const { running, out } = await job.poll();
      this.#keep(out);
      if (!running) return false;
      if (await serves(this.url, model, world)) return true;
      if (world.clock.now() > tellAt) {
        tellAt = world.clock.after(TELL_SECONDS);
        world.log(`${this.order.title} still loads: ${this.#log.at(-1)?.trim() ?? "no word yet"}`);
      }
      if (polls > LEAST_POLLS && world.clock.now() > deadline) {
        await this.end();
        throw this.#failure(model, `it is not ready after ${LOAD_SECONDS} s`, world);
      }
      await world.clock.sleep(POLL_SECONDS, world.signal);
    }
  }

  #failure(model: string, found: string, world: EngineWorld): Failure {
    for (const line of this.#log.slice(-SHOWN_LINES)) world.log(`  ${line}`);
    const what = `Cannot load ${model} with ${this.order.title}`;
    const meaning = meaningOf(this.#log);
    if (meaning === null) {
      const words = this.#log.at(-1)?.trim() ?? "without a word";
      const isTaken = this.#log.some((line) => PORT_TAKEN.test(line));
      return new Failure(isTaken ? "engine_not_answering" : "load_failed", `${what}: ${found}: ${words}`);
    }
    const hint = HINTS[meaning.code];
    return new Failure(meaning.code, `${what}: ${meaning.line}`, hint === undefined ? {} : { hint });
  }

  /** Reads what it printed since the last time; returns how many lines. */
  async #read(): Promise<number> {
    if (this.#job === null) return 0;
    const { out } = await this.#job.poll();
    this.#keep(out);
    return out.length;
  }

  #keep(lines: readonly string[]): void {
    const told = lines.filter((line) => line.trim() !== "").map((line) => shortText(line, LINE_CHARACTERS));
    this.#log = [...this.#log, ...told].slice(-KEPT_LINES);
  }
}

const HINTS: Partial<Record<Failure["code"], string>> = {
  failed: "Mend the engine's flags in the matrix.",
  model_unknown:
    'Check the model\'s name in the matrix; one that asks for an account needs "env": ["HF_TOKEN"] at the engine, and a token whose account has accepted its terms.',
  cuda_failed: "Name an image with the engine in it as offers.image of the matrix, or try another GPU.",
};

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Whether the server at `url` says that it is well and has `model`. While it loads it refuses, or answers 503. */
async function serves(url: string, model: string, world: EngineWorld): Promise<boolean> {
  try {
    const health = await ask({ url: `${url}/health`, timeout_seconds: 5 }, world);
    await health.body?.cancel();
    return health.ok && (await modelsAt(url, world, 5)).some(({ id }) => id === model);
  } catch (error) {
    world.signal.throwIfAborted();
    // The machine cannot be reached; any other error is a server that does not answer yet.
    if (error instanceof Failure || !(error instanceof UserError)) throw error;
    return false;
  }
}
