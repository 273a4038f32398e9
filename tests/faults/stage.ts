// A stage for trials: simulated clouds, a root that knows nothing, a matrix, and a world in which time passes faster.
import { join } from "node:path";
import type { z } from "zod";
import { bundleAgent } from "../../pipeline/lib/bundle.ts";
import { type Clock, realClock } from "../../pipeline/lib/clock.ts";
import { connect } from "../../pipeline/machines/mod.ts";
import { type Paths, pathsOf } from "../../pipeline/paths.ts";
import { boundSeconds } from "../../pipeline/plan/estimate.ts";
import { providers } from "../../pipeline/providers/mod.ts";
import { createBoard } from "../../pipeline/run/board.ts";
import { runMatrix, type RunOptions, type RunOutcome } from "../../pipeline/run/mod.ts";
import type { SimulatedCloud, World } from "../../pipeline/run/world.ts";
import type { Matrix, Test } from "../../pipeline/schema/matrix.ts";
import type { ProviderName } from "../../pipeline/schema/names.ts";
import type { CloudOptions } from "../cloud/cloud.ts";
import { type CloudName, PROTOCOLS, startCloud, type StartedCloud } from "../cloud/mod.ts";
import { SIMULATED_RELEASES } from "../cloud/releases.ts";
import type { Script } from "../cloud/server.ts";

/** A minute of the clouds takes 1.2 s. */
export const PACE = 0.02;

export interface StageOptions {
  readonly clouds: Readonly<Partial<Record<CloudName, CloudOptions & { readonly script?: Script }>>>;
  readonly tests: readonly z.input<typeof Test>[];
  readonly pace?: number;
}

export interface Stage extends AsyncDisposable {
  readonly paths: Paths;
  readonly matrix: string;
  readonly pace: number;
  /** What the clouds are reached by, for another process. */
  readonly simulated: Readonly<Partial<Record<ProviderName, SimulatedCloud>>>;
  /** What the controller said. */
  readonly said: string[];
  cloud(name: CloudName): StartedCloud;
  /** Machines of all clouds that exist and are billed. */
  present(): number;
}

/** Starts the clouds; leaving the scope ends them and removes the root. */
export async function setStage({ clouds, tests, pace = PACE }: StageOptions): Promise<Stage> {
  const root = await Deno.makeTempDir({ prefix: "trial-" });
  const started = new Map<CloudName, StartedCloud>();
  for (const [name, { script, ...options }] of Object.entries(clouds)) {
    const cloud = await startCloud(
      PROTOCOLS[name as CloudName],
      { pace, bootSeconds: 10, ...options },
      script,
    );
    started.set(name as CloudName, cloud);
  }
  const matrix = join(root, "matrix.json");
  const content: z.input<typeof Matrix> = { name: "trial", simulated: true, tests: [...tests] };
  await Deno.writeTextFile(matrix, JSON.stringify(content));
  return {
    paths: pathsOf(root),
    matrix,
    pace,
    said: [],
    simulated: Object.fromEntries(
      [...started].map(([name, { url, login, cloud }]) => [name, { url, login, key: cloud.key }]),
    ),
    cloud: (name) => {
      const found = started.get(name);
      if (found === undefined) throw new Error(`there is no simulated ${name}`);
      return found;
    },
    present: () => [...started.values()].reduce((sum, { cloud }) => sum + cloud.present().length, 0),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...started.values()].map((cloud) => cloud[Symbol.asyncDispose]()));
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** The world with these clouds in it, and nothing else that costs money. */
export function worldWith(
  simulated: Readonly<Partial<Record<ProviderName, SimulatedCloud>>>,
  pace: number,
): World {
  return {
    clock: patient(realClock(pace)),
    kinds: providers,
    connect,
    env: () => undefined,
    simulated: new Map(Object.entries(simulated) as [ProviderName, SimulatedCloud][]),
    models: null,
    startEmbedded: () => Promise.reject(new Error("there is no embedded engine here")),
    releases: SIMULATED_RELEASES,
    bundleAgent: async (paths, file) => await Deno.writeTextFile(file, await (agent ??= bundled(paths))),
  };
}

/** The least that a lease is given for its work, seconds. */
const LEASE_SECONDS = boundSeconds(0);

/** However fast time passes, the work of a lease is real, and takes long on a busy computer: its deadline is ten times as far. */
function patient(clock: Clock): Clock {
  return { ...clock, after: (seconds) => clock.after(seconds < LEASE_SECONDS ? seconds : 10 * seconds) };
}

/** The agent's bundle, which is the same for all runs of a process. */
let agent: Promise<string> | null = null;

async function bundled(paths: Paths): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await bundleAgent(paths, file);
    return await Deno.readTextFile(file);
  } finally {
    await Deno.remove(file);
  }
}

/** Runs the stage's matrix in this process; a controller that asks for nothing. */
export async function perform(stage: Stage, changes: Partial<RunOptions> = {}): Promise<RunOutcome> {
  const { paths, matrix, pace, said, simulated } = stage;
  const say = (text: string) => void said.push(text);
  return await runMatrix({
    paths,
    matrix,
    signal: new AbortController().signal,
    board: createBoard({ info: say, warn: say }, null),
    world: worldWith(simulated, pace),
    parallel: 8,
    allow_spill: false,
    limits: { max_usd: null, max_hours: null },
    confirm: () => Promise.resolve(true),
    ...changes,
  });
}

/** A workload that is over at once, but not before faults that come with the fourth request. */
export const BRIEF = {
  duration_seconds: 0.3,
  least_requests: 6,
  warmup_requests: 1,
  max_tokens: 8,
  repeat_first: false,
};
