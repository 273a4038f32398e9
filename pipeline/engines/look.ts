// A machine at work for a moment: a model is fetched, loaded and decoded while the driver is watched. What that shows is told.
import { messageOf, UserError } from "../errors.ts";
import { stopwatch } from "../lib/clock.ts";
import { linkUnderLoad, tightestPower, watchGpus } from "../machines/gpu_watch.ts";
import type { Machine } from "../machines/machine.ts";
import type { CanarySigns } from "../schema/canary.ts";
import { codeOf, Failure, type FailureCode } from "../schema/failures.ts";
import { median } from "../schema/median.ts";
import type { Engine, EngineWorld, Loaded, RunningEngine } from "./engine.ts";

export interface Looked {
  readonly machine: Machine;
  readonly engine: Engine;
  readonly running: RunningEngine;
  readonly model: string;
  /** The model when it is loaded already; null: it is loaded for the look, and unloaded after it. */
  readonly loaded: Loaded | null;
}

/** What is not known after so long stays unknown. */
export const LOOK_SECONDS = 120;
/** Enough for the decode; an engine may keep it for every request that it can serve at once. */
const CAPACITY = { context_tokens: 512 };
const SAMPLES = 6;
const PAUSE_SECONDS = 0.4;
/** The first decode also starts kernels, and counts only when there is no other. */
const LEAST_DECODES = 2;
/** The library does not have the model now, or does not send it: that says nothing of the machine. */
const OF_LIBRARY: readonly FailureCode[] = ["model_unknown", "pull_failed", "pull_stalled"];

/** What the machine shows, within two minutes; a Failure when the engine cannot work on it. */
export async function look(looked: Looked, world: EngineWorld): Promise<CanarySigns> {
  const { machine, engine, running, model, loaded } = looked;
  const signs = nothing(model);
  const late = world.clock.timeout(LOOK_SECONDS);
  const timed = { ...world, signal: AbortSignal.any([world.signal, late]) };
  try {
    Object.assign(signs, tightestPower(await watchGpus(machine, 1, 0, timed.signal)));
    const held = loaded ?? await fetched(looked, timed, signs);
    signs.weights_bytes = held.weights_bytes;
    signs.size_loaded_bytes = held.size_bytes;
    signs.size_vram_bytes = held.size_vram_bytes;
    await decoded(looked, timed, signs);
  } catch (error) {
    const isUnknown = late.aborted || (error instanceof UserError && !(error instanceof Failure)) ||
      OF_LIBRARY.some((code) => code === codeOf(error));
    if (world.signal.aborted || !isUnknown) throw error;
    world.log(`canary: ${late.aborted ? `${LOOK_SECONDS} s are over` : messageOf(error)}`);
  } finally {
    if (loaded === null) await engine.unload(running, model, world);
  }
  return signs;
}

/** Loads the model; how much of it came, and how fast, is noted as it comes. */
async function fetched(
  { engine, running, model }: Looked,
  world: EngineWorld,
  signs: CanarySigns,
): Promise<Loaded> {
  let passed = stopwatch(world.clock);
  return await engine.load(running, model, CAPACITY, {
    ...world,
    onPhase: (phase) => {
      if (phase === "pull") passed = stopwatch(world.clock);
    },
    onPulled: (bytes) => {
      signs.downloaded_bytes = bytes;
      signs.download_seconds = passed();
    },
  });
}

/** Decodes as long as the driver is watched. */
async function decoded(
  { machine, engine, running, model }: Looked,
  world: EngineWorld,
  signs: CanarySigns,
): Promise<void> {
  if (engine.decode === undefined) return;
  const pause = (world.clock.after(PAUSE_SECONDS) - world.clock.now()) / 1000;
  let isWatched = true;
  const watching = watchGpus(machine, SAMPLES, pause, world.signal).finally(() => isWatched = false);
  const speeds: number[] = [];
  const decode = async () => {
    for (let n = 0; n < LEAST_DECODES || isWatched; n++) {
      const speed = await engine.decode?.(running, model, CAPACITY, world) ?? null;
      if (speed === null) return;
      speeds.push(speed);
      note(signs, median(speeds.length > 1 ? speeds.slice(1) : speeds));
    }
  };
  const [states] = await Promise.all([watching, decode()]);
  Object.assign(signs, linkUnderLoad(states));
}

function note(signs: CanarySigns, tokens_per_second: number | null): void {
  signs.tokens_per_second = tokens_per_second;
  if (tokens_per_second !== null && signs.weights_bytes !== null) {
    signs.memory_bandwidth_gb_s = tokens_per_second * signs.weights_bytes / 1e9;
  }
}

function nothing(model: string): CanarySigns {
  return {
    model,
    weights_bytes: null,
    tokens_per_second: null,
    memory_bandwidth_gb_s: null,
    size_loaded_bytes: null,
    size_vram_bytes: null,
    power_limit_w: null,
    power_default_limit_w: null,
    pcie_generation: null,
    pcie_width: null,
    downloaded_bytes: null,
    download_seconds: null,
  };
}
