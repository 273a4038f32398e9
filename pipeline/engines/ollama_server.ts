// Ollama on a machine that is ours: installed where it is missing, and a server of our own, so that its settings are ours too.
import type { Job } from "../machines/machine.ts";
import { Failure } from "../schema/failures.ts";
import { mostInFlight } from "../schema/load.ts";
import type { Workload } from "../schema/matrix.ts";
import type { EngineHost, EngineWorld, RunningEngine } from "./engine.ts";
import { ask } from "./http.ts";
import { install, NEED } from "./install.ts";

const START_SECONDS = 90;
const PORTS = 5;
const SHOWN_LINES = 10;
/** A server that runs for so many polls did not fail to bind its port. */
const SURE_POLLS = 10;
/** So often it is looked for at least, however fast the clock goes: its start is real. */
const LEAST_POLLS = 60;

/** Its official installer needs curl and zstd, which small images lack. */
const INSTALL = `set -e
command -v ollama >/dev/null && exit 0
${NEED}
need curl zstd
script=$(curl -fsSL https://ollama.com/install.sh)
printf '%s\\n' "$script" | sh
command -v ollama >/dev/null`;

/** Starts a server for the load of `capacity`; disposing ends it. */
export async function serveOllama(
  host: EngineHost,
  capacity: Workload,
  world: EngineWorld,
): Promise<AsyncDisposable & Pick<RunningEngine, "url" | "lastWords">> {
  await install("Ollama", INSTALL, [], host, world);
  let words = "";
  for (let n = 0; n < PORTS; n++) {
    const port = host.port + n;
    const job = await host.launch({
      name: `ollama-${port}-${mostInFlight(capacity)}`,
      command: ["ollama", "serve"],
      env: settings(port, capacity),
      ended: "restart",
    });
    const url = `http://127.0.0.1:${port}`;
    const started = await listening(job, url, world);
    if (started === true) {
      const lastWords = async () => (await job.poll()).err;
      return { url, lastWords, [Symbol.asyncDispose]: () => job.stop() };
    }
    words = started;
    if (!/address already in use/i.test(words)) break;
  }
  throw new Failure("engine_not_answering", `Cannot start Ollama: it ended: ${words || "without a word"}`);
}

/** True when the job's own server answers at `url`; its last words when it ended. Another program may answer there until then. */
async function listening(job: Job, url: string, world: EngineWorld): Promise<true | string> {
  const deadline = world.clock.after(START_SECONDS);
  for (let polls = 1;; polls++) {
    const { running, err } = await job.poll();
    if (!running) {
      for (const line of err.slice(-SHOWN_LINES)) world.log(`  ${line}`);
      return err.at(-1) ?? "";
    }
    const isOurs = polls > SURE_POLLS || err.some((line) => line.includes("Listening on"));
    if (isOurs && await answers(url, world)) return true;
    if (polls > LEAST_POLLS && world.clock.now() > deadline) {
      await job.stop();
      for (const line of err.slice(-SHOWN_LINES)) world.log(`  ${line}`);
      const words = err.at(-1) ?? "";
      throw new Failure("engine_not_answering", `Cannot start Ollama: nobody answers at ${url}: ${words}`);
    }
    await world.clock.sleep(1, world.signal);
  }
}

function settings(port: number, capacity: Workload): Record<string, string> {
  return {
    OLLAMA_HOST: `127.0.0.1:${port}`,
    OLLAMA_NUM_PARALLEL: String(mostInFlight(capacity)),
    OLLAMA_CONTEXT_LENGTH: String(capacity.context_tokens),
    OLLAMA_MAX_LOADED_MODELS: "1",
    OLLAMA_KEEP_ALIVE: "24h",
  };
}

async function answers(url: string, world: EngineWorld): Promise<boolean> {
  try {
    const response = await ask({ url: `${url}/api/version`, timeout_seconds: 5 }, world);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    if (world.signal.aborted || (error instanceof Failure && error.code === "connection_lost")) throw error;
    return false;
  }
}
