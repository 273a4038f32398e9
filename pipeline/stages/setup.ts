// A machine gets ready: its system has settled, its GPU is the one that was offered, agent and engine are there and work.
import { join } from "node:path";
import type { EngineWorld, RunningEngine } from "../engines/engine.ts";
import { engines } from "../engines/mod.ts";
import { apiKey, withApiKey } from "../lib/api_key.ts";
import { denoOn } from "../machines/deno.ts";
import { signOfLife, SILENCE_SECONDS, startDeadMan } from "../machines/dead_man.ts";
import { type Facts, factsOf, type Gpu, repairPackages, type SeenFacts } from "../machines/facts.ts";
import type { Sitting } from "../plan/leases.ts";
import { messageOf, UserError } from "../errors.ts";
import { OLLAMA_HOST } from "../schema/engine_address.ts";
import type { Entry } from "../schema/entry.ts";
import { Failure } from "../schema/failures.ts";
import { memoryRange } from "../schema/gpu_memory.ts";
import { isGpu } from "../schema/gpu_name.ts";
import type { Leased, Site, StageContext } from "./context.ts";

export interface Ready extends AsyncDisposable {
  readonly engine: RunningEngine;
  readonly world: EngineWorld;
  readonly site: Site;
}

const LOOK_SECONDS = 10;
const SETTLE_SECONDS = 600;
const DRIVER_SECONDS = 300;
const SIGN_SECONDS = 60;
/** Engines listen at ports from here on. */
const FIRST_PORT = 20_000;
const PORTS = 20_000;

/** Prepares the machine once, and starts, or finds, the engine of the sitting. */
export async function setup(leased: Leased, sitting: Sitting, context: StageContext): Promise<Ready> {
  const [first] = sitting.entries;
  if (first === undefined) throw new TypeError("a sitting has at least one entry");
  const site = await (leased.site ??= prepare(leased, first.gpu, context).catch((error) => {
    // What failed is done anew when the machine is tried again.
    leased.site = null;
    throw error;
  }));
  const world = worldOf(leased, context);
  const engine = await startOrMissing(leased, first, sitting, world);
  return { engine, world, site, [Symbol.asyncDispose]: () => ended(engine) };
}

/** Ends the engine where that can still be done: on a machine that is lost it ends with the machine. */
async function ended(engine: RunningEngine): Promise<void> {
  try {
    await engine[Symbol.asyncDispose]();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

/** On a machine that is not ours an engine that does not start is one that was not there. */
async function startOrMissing(
  { rented }: Leased,
  { engine, model }: Entry,
  { capacity }: Sitting,
  world: EngineWorld,
): Promise<RunningEngine> {
  const chosen = engines[engine.name];
  try {
    return await chosen.start(engine, model, capacity, world);
  } catch (error) {
    const isKnown = rented || !(error instanceof UserError) || error instanceof Failure;
    if (isKnown || await chosen.answers(engine, world) !== null) throw error;
    throw new Failure("engine_missing", error.message, { hint: error.hint, cause: error.cause });
  }
}

async function prepare(leased: Leased, gpu: string, context: StageContext): Promise<Site> {
  const { machine, signal } = leased;
  const isHere = machine.deno !== null;
  const facts = isHere && gpu === "any" ? null : await settledFacts(leased, gpu, context);
  if (facts !== null) checkGpu(facts, gpu, leased);
  if (!isHere) await keepAlive(leased, context);
  const { run_dir, releases } = context;
  const deno = facts === null ? Deno.execPath() : await denoOn(machine, facts, { run_dir, releases });
  const agent = join(machine.workdir, "agent.js");
  await machine.upload(await bundled(context), agent);
  signal.throwIfAborted();
  const clock_ahead = facts?.clock_ahead ?? 0;
  if (Math.abs(clock_ahead) > 5) {
    context.log.warn(
      `${leased.lease_id}  the machine's clock is ${Math.abs(clock_ahead)} s ${
        clock_ahead > 0 ? "ahead" : "behind"
      }`,
    );
  }
  return { deno, agent, facts, clock_ahead };
}

/** The agent's bundle, which is made here: where that fails, no machine is to blame. */
async function bundled({ agentBundle }: StageContext): Promise<string> {
  try {
    return await agentBundle();
  } catch (error) {
    const hint = error instanceof UserError ? { hint: error.hint } : {};
    throw new Failure("failed", `Cannot bundle the agent: ${messageOf(error)}`, { ...hint, cause: error });
  }
}

/** Waits for cloud-init and the package manager, then for a driver that says the same twice. */
async function settledFacts(leased: Leased, gpu: string, context: StageContext): Promise<SeenFacts> {
  const { machine, signal } = leased;
  const { clock, log } = context;
  const settleUntil = clock.after(SETTLE_SECONDS);
  let facts = await factsOf(machine, signal, clock.now);
  for (; facts.busy !== null; facts = await factsOf(machine, signal, clock.now)) {
    if (clock.now() > settleUntil) {
      throw new Failure(
        "not_ready",
        `Cannot set up the machine: after ${SETTLE_SECONDS} s ${facts.busy} is still at work`,
      );
    }
    log.info(`${leased.lease_id}  waiting for ${facts.busy}`);
    await clock.sleep(LOOK_SECONDS, signal);
  }
  if (facts.half_configured && leased.rented) await repairPackages(machine, signal);
  if (gpu === "any" && !leased.rented) return facts;
  const driverUntil = clock.after(DRIVER_SECONDS);
  for (let last = "", told: string | null = null;;) {
    const seen = JSON.stringify(facts.gpus.map(({ used_mib: _, ...gpu }) => gpu));
    if (facts.gpus.length > 0 && seen === last) return facts;
    if (clock.now() > driverUntil) {
      throw new Failure(
        "driver_not_ready",
        `Cannot use the GPU: ${facts.gpu_error ?? "the driver does not say the same twice"}`,
      );
    }
    last = seen;
    if (facts.gpu_error !== told && facts.gpu_error !== null) {
      log.info(`${leased.lease_id}  waiting for the driver: ${told = facts.gpu_error}`);
    }
    await clock.sleep(LOOK_SECONDS, signal);
    facts = await factsOf(machine, signal, clock.now);
  }
}

function checkGpu(
  { gpus, gpu_error, cuda, disk_free_gb }: Facts,
  wanted: string,
  { offer, rented, min_cuda }: Leased,
): void {
  const found = gpus.map(({ name }) => name).join(", ") || gpu_error || "no GPU";
  const mismatch = wanted === "any" ? null : gpuMismatch(gpus, wanted, offer);
  if (mismatch !== null) {
    throw new Failure(
      "wrong_gpu",
      `Cannot measure ${wanted}: the machine has ${found}${mismatch}`,
      rented ? {} : {
        hint: 'Use "gpus": ["any"] to test what the machine has.',
      },
    );
  }
  if (!rented) return;
  if (cuda !== null && cuda < min_cuda) {
    const promised = offer.cuda === null ? "" : ` and ${offer.cuda} offered`;
    throw new Failure(
      "driver_too_old",
      `Cannot use the driver: CUDA ${min_cuda} was asked for${promised}, and it has ${cuda}`,
    );
  }
  if (disk_free_gb < 5) {
    throw new Failure(
      "disk_too_small",
      `Cannot use the machine: ${disk_free_gb.toFixed(1)} GB of disk are free`,
    );
  }
}

/** What is wrong with the GPUs; null when they are those that were offered. */
function gpuMismatch(
  gpus: readonly Gpu[],
  wanted: string,
  { gpu_count, vram_gib }: Leased["offer"],
): string | null {
  if (gpus.length === 0 || !gpus.every(({ name }) => isGpu(wanted, name))) return "";
  if (gpus.length !== gpu_count) return ` (${gpus.length} instead of ${gpu_count})`;
  const least = memoryRange(vram_gib ?? 0).least * 1024;
  const small = gpus.find(({ memory_mib }) => memory_mib < least);
  return small === undefined
    ? null
    : ` with ${small.memory_mib} MiB instead of ${Math.round((vram_gib ?? 0) * 1024)}`;
}

/** The machine ends its own work when it hears nothing of us; a sign goes to it as long as its lease lives. */
async function keepAlive(
  { machine, deadline, self_destruct, signal }: Leased,
  { clock }: StageContext,
): Promise<void> {
  const scaled = (seconds: number) => (clock.after(seconds) - clock.now()) / 1000;
  await startDeadMan(machine, {
    seconds_left: Math.max(0, (deadline - clock.now()) / 1000),
    silence_seconds: scaled(SILENCE_SECONDS),
    destroy: self_destruct,
  });
  (async () => {
    for (;;) {
      await clock.sleep(SIGN_SECONDS, signal);
      await signOfLife(machine).catch(() => undefined);
    }
  })().catch(() => undefined);
}

/** What an engine sees of a machine: its own network, and, where it is ours, the machine itself. Only what is the user's own gets the key of an endpoint. */
function worldOf(
  { machine, rented, signal, lease_id, machine_id, offer }: Leased,
  context: StageContext,
): EngineWorld {
  const { run, launch, workdir } = machine;
  const { gpu_count } = offer;
  return {
    fetch: rented ? machine.fetch : withApiKey(machine.fetch, apiKey(context.env)),
    ollama_host: machine.deno === null ? undefined : context.env(OLLAMA_HOST),
    log: (text) => context.log.info(`${lease_id}  ${text}`),
    signal,
    clock: context.clock,
    host: rented ? { run, launch, workdir, gpu_count, port: portOf(machine_id), env: context.env } : null,
    onPhase: () => undefined,
    modelsDir: context.paths.models,
    startEmbedded: context.startEmbedded,
    releases: context.releases,
  };
}

/** The same port for the same machine, so that a run that goes on finds its engine. */
function portOf(machineId: string): number {
  let hash = 0;
  for (const character of machineId) hash = (hash * 31 + character.charCodeAt(0)) % PORTS;
  return FIRST_PORT + hash;
}
