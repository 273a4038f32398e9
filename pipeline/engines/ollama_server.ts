// Ollama on a machine that is ours: installed where it is missing, and a server of our own, so that its settings are ours too.
import { sha256Hex } from "../lib/files.ts";
import { FETCH, NEED } from "../machines/installing.ts";
import type { Job } from "../machines/machine.ts";
import { Failure } from "../schema/failures.ts";
import { mostInFlight } from "../schema/load.ts";
import type { EngineChoice, Workload } from "../schema/matrix.ts";
import type { RuntimeInstall } from "../schema/runtime_install.ts";
import type { EngineHost, EngineWorld, RunningEngine } from "./engine.ts";
import { ask } from "./http.ts";
import { install, TELL } from "./install.ts";
import { launchWithVariables } from "./variables.ts";

const START_SECONDS = 90;
const PORTS = 5;
const SHOWN_LINES = 10;
/** A server that runs for so many polls did not fail to bind its port. */
const SURE_POLLS = 10;
/** So often it is looked for at least, however fast the clock goes: its start is real. */
const LEAST_POLLS = 60;

/**
 * $1 our folder, $2 the version that is asked for, $3 the usual one, $4 and $5 its checksums. It needs no right but to write
 * there: its official installer would also make a user and a service, which nothing here uses. Older releases are a .tgz.
 */
const INSTALL = `set -e
home="$1/ollama" asked=$2 usual=$3 x86_64=$4 aarch64=$5
releases=https://github.com/ollama/ollama/releases
${TELL}
own=$(command -v ollama || :)
[ -z "$own" ] || [ -n "$asked" ] || { tell "$own" "" image ""; exit 0; }
${NEED}
${FETCH}
need curl zstd tar gzip
wanted=\${asked:-$usual}
if [ "$wanted" = latest ]; then
  wanted=$(curl -fsSLI --proto '=https' --retry 2 -o /dev/null -w '%{url_effective}' "$releases/latest")
  wanted=\${wanted##*/tag/v}
  case "$wanted" in ''|*[!0-9.]*) echo "the newest release names no version: $wanted" >&2; exit 1;; esac
fi
if [ -n "$own" ]; then
  told=$("$own" --version 2>&1 | sed -n -e 's/.*client version is //p' -e 's/.*ollama version is //p' | tail -n 1)
  [ "$told" = "$wanted" ] && { tell "$own" "$told" image ""; exit 0; }
  echo "the image brings Ollama \${told:-of a version that it does not tell}; $wanted comes beside it" >&2
fi
at="$home/$wanted"
[ -e "$at/whole" ] && { cat "$at/whole"; exit 0; }
case "$(uname -m)" in
  x86_64) arch=amd64 sum=$x86_64;;
  aarch64) arch=arm64 sum=$aarch64;;
  *) echo "there is no release for $(uname -m)" >&2; exit 1;;
esac
[ "$wanted" = "$usual" ] || sum=
rm -rf "$home"; mkdir -p "$at"
url="$releases/download/v$wanted/ollama-linux-$arch"
sums="$releases/download/v$wanted/sha256sum.txt"
[ -n "$sum" ] || fetch "$sums" "$at/sums"
if [ -n "$sum" ] || grep -q "ollama-linux-$arch\\.tar\\.zst" "$at/sums"; then
  asset "$url.tar.zst" "$at/release" "$sum" "$sums"
  url=$url.tar.zst; zstd -dcq "$at/release" | tar -xf - -C "$at"
else
  asset "$url.tgz" "$at/release" "" "$sums"
  url=$url.tgz; tar -xzf "$at/release" -C "$at"
fi
rm -f "$at/release" "$at/sums"
[ -x "$at/bin/ollama" ] || { echo "there is no bin/ollama in $url" >&2; exit 1; }
tell "$at/bin/ollama" "$wanted" "$url" "$sha256" >"$at/whole"
cat "$at/whole"`;

/** A server of ours, with what tells how it came there; disposing ends it. */
export interface OllamaServer extends AsyncDisposable, Pick<RunningEngine, "url" | "lastWords"> {
  readonly install: RuntimeInstall;
}

/** Starts a server for the load of `capacity`. */
export async function serveOllama(
  host: EngineHost,
  choice: EngineChoice,
  capacity: Workload,
  world: EngineWorld,
): Promise<OllamaServer> {
  const { version: asked = "" } = choice;
  const { version, sha256 } = world.releases.ollama;
  const args = [host.workdir, asked, version, sha256?.x86_64 ?? "", sha256?.aarch64 ?? ""];
  const installed = await install("Ollama", INSTALL, args, asked === "" ? null : asked, host, world);
  let words = "";
  for (let n = 0; n < PORTS; n++) {
    const port = host.port + n;
    const env = settings(port, capacity);
    const command = [installed.program, "serve"];
    // A server of another version, or for another load, is another job.
    const name = `ollama-${port}-${sha256Hex(JSON.stringify([command, env])).slice(0, 8)}`;
    const job = await launchWithVariables(choice.env ?? [], { name, command, env, ended: "restart" }, host);
    const url = `http://127.0.0.1:${port}`;
    const started = await listening(job, url, world);
    if (started === true) {
      const lastWords = async () => (await job.poll()).err;
      return { url, install: installed, lastWords, [Symbol.asyncDispose]: () => job.stop() };
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
