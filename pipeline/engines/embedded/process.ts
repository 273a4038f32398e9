// Starts the embedded engine's server in a process of its own, with its own packages, which are installed on first use.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StoppedError, UserError } from "../../errors.ts";
import { startChild } from "../../lib/child.ts";
import { allow } from "../../lib/deno_flags.ts";
import { exists } from "../../lib/files.ts";
import { eachLine } from "../../lib/hear_child.ts";
import { runCommand } from "../../lib/shell.ts";
import type { EmbeddedOptions } from "../engine.ts";
import type { ModelCard } from "./card.ts";

const home = dirname(fileURLToPath(import.meta.url));
const config = join(home, "deno.json");

/** It looks for drivers in ways that differ from one system to the next, and takes the processor without a word where it is refused. */
const MAY = ["--no-prompt", "--allow-read", "--allow-env", "--allow-sys", "--allow-run", "--allow-ffi"];

type Saying = { progress: string } | { ready: true; port: number; model: ModelCard & { name: string } };

/** A server that answers at `url`; leaving its scope closes its standard input, by which it ends. */
export interface EmbeddedServer extends AsyncDisposable {
  readonly url: string;
  readonly version: string;
  readonly pid: number;
}

/** Installs llama.cpp if it is missing, then serves `model` on a free loopback port. A UserError carries the server's last words. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  await install(options);
  const child = startChild(Deno.execPath(), {
    args: [
      ...["run", ...MAY, ...allow({ net: ["127.0.0.1"], write: [options.modelsDir] })],
      ...["--config", config, join(home, "server.ts")],
      ...["--model", options.model, "--models-dir", options.modelsDir],
      ...["--slots", String(options.slots), "--context", String(options.context)],
    ],
    also: ["devices", "fetches"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const lastWords: string[] = [];
  const talked = eachLine(child.stderr, (line) => {
    lastWords.push(line);
    if (lastWords.length > 20) lastWords.shift();
  });
  const stop = async () => {
    await child.stdin.close().catch(() => undefined);
    await Promise.all([child.status, talked]);
  };
  const abort = () => void child.stdin.close().catch(() => undefined);
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    const ready = await firstReady(child.stdout, options.log);
    if (ready === null) {
      await stop();
      if (options.signal.aborted) throw new StoppedError("stopped while the embedded engine was starting");
      throw new UserError(
        lastWords.at(-2) ?? "Cannot start the embedded engine: it ended without a word",
        lastWords.at(-1) ?? "Try again.",
      );
    }
    return {
      url: `http://127.0.0.1:${ready.port}`,
      version: ready.model.runtime_version,
      pid: child.pid,
      [Symbol.asyncDispose]: stop,
    };
  } finally {
    options.signal.removeEventListener("abort", abort);
  }
}

/** Only one process installs at a time; the others wait for it. */
async function install({ log, signal }: Pick<EmbeddedOptions, "log" | "signal">): Promise<void> {
  const packages = join(home, "node_modules");
  await Deno.mkdir(packages, { recursive: true });
  using lock = await Deno.open(join(packages, ".installing"), { write: true, create: true });
  await lock.lock(true);
  if (await exists(join(packages, "node-llama-cpp"))) return;
  log("fetching llama.cpp (once, about 750 MB on disk)");
  const words: string[] = [];
  const code = await runCommand([Deno.execPath(), "install", "--quiet", "--frozen", "--config", config], {
    signal,
    also: ["fetches"],
    cwd: home,
    onStderr: (line) => words.push(line),
  }).catch((error) => {
    throw signal.aborted ? new StoppedError("stopped while llama.cpp was being fetched") : error;
  });
  if (code === 0) return;
  throw new UserError(
    `Cannot install llama.cpp: ${words.at(-1) ?? `deno install ended with ${code}`}`,
    "Check the network and the free disk space, then try again; or use another engine.",
  );
}

/** The server's ready line; null when its output ends before. Reading goes on, so that the pipe never fills. */
function firstReady(
  stdout: ReadableStream<Uint8Array>,
  log: (text: string) => void,
): Promise<Extract<Saying, { ready: true }> | null> {
  const { promise, resolve } = Promise.withResolvers<Extract<Saying, { ready: true }> | null>();
  eachLine(stdout, (line) => {
    const saying = JSON.parse(line) as Saying;
    if ("ready" in saying) resolve(saying);
    else log(saying.progress);
  }).then(() => resolve(null), () => resolve(null));
  return promise;
}
