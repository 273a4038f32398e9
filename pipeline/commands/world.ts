// The world as the commands give it to a run: the real clock and clouds, or the simulated ones that come with the almanac.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { startEmbedded } from "../engines/embedded/process.ts";
import { bundleAgent } from "../lib/bundle.ts";
import { startChild } from "../lib/child.ts";
import { realClock } from "../lib/clock.ts";
import { eachLine } from "../lib/hear_child.ts";
import { connect } from "../machines/mod.ts";
import { HUB, OLLAMA_LIBRARY } from "../models/mod.ts";
import { providers } from "../providers/mod.ts";
import type { SimulatedCloud, World } from "../run/world.ts";
import { EngineVariable } from "../schema/engine_variable.ts";
import type { ProviderName } from "../schema/names.ts";
import { RELEASES, type Releases } from "../schema/releases.ts";

const program = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "tests", "cloud", "main.ts");

/** What the program of the simulated clouds says once they stand. */
interface Ready {
  readonly clouds: Record<ProviderName, SimulatedCloud>;
  /** How fast their time passes beside ours. */
  readonly pace: number;
  /** The programs that their machines can fetch. */
  readonly releases: Releases;
}

/** The real world. */
export function realWorld(): World {
  return {
    clock: realClock(),
    kinds: providers,
    connect,
    env: (name) => Deno.env.get(name),
    simulated: null,
    models: { fetch, hub: HUB, ollama: OLLAMA_LIBRARY },
    startEmbedded,
    releases: RELEASES,
    bundleAgent,
  };
}

/** A world with simulated clouds; leaving its scope ends them and every "machine" on them. */
export async function simulatedWorld(log: (text: string) => void): Promise<World & AsyncDisposable> {
  // Ctrl-C is ours to answer: they end when their input closes, as it does when this process is gone.
  const child = startChild(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--node-modules-dir=manual", program],
    also: ["fetches"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  });
  const words: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Ready | null>();
  const reading = Promise.all([
    eachLine(child.stdout, (line) => resolve(JSON.parse(line))),
    eachLine(child.stderr, (line) => words.push(line)),
  ]).then(() => resolve(null));
  const ready = await promise;
  if (ready === null) {
    throw new UserError(
      `Cannot start the simulated clouds: ${words.join(" ")}`,
      "They need OpenSSH's client and server.",
    );
  }
  log(`simulated clouds stand: ${Object.keys(ready.clouds).join(", ")}; nothing is paid`);
  return {
    ...realWorld(),
    clock: realClock(ready.pace),
    releases: ready.releases,
    env: (name) => EngineVariable.safeParse(name).success ? "simulated" : undefined,
    models: null,
    simulated: new Map(Object.entries(ready.clouds) as [ProviderName, SimulatedCloud][]),
    [Symbol.asyncDispose]: async () => {
      await child.stdin.close().catch(() => undefined);
      await Promise.all([child.status, reading]);
    },
  };
}
