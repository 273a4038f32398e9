// The engine gets the model: pulled when it is missing, held in memory, and in the GPU's where there is one.
import type { Loaded } from "../engines/engine.ts";
import { engines } from "../engines/mod.ts";
import { stopwatch } from "../lib/clock.ts";
import { factsOf } from "../machines/facts.ts";
import { believedBytes } from "../plan/downloaded.ts";
import { fitOf } from "../plan/fit.ts";
import type { Sitting } from "../plan/leases.ts";
import type { Entry } from "../schema/entry.ts";
import { Failure } from "../schema/failures.ts";
import type { Leased, StageContext } from "./context.ts";
import type { Ready } from "./setup.ts";

export interface LoadedModel extends AsyncDisposable {
  readonly loaded: Loaded;
}

/** Loads the sitting's model; leaving the returned scope frees the engine's memory, as far as it can. */
export async function load(
  leased: Leased,
  ready: Ready,
  sitting: Sitting,
  context: StageContext,
): Promise<LoadedModel> {
  const [first] = sitting.entries;
  if (first === undefined) throw new TypeError("a sitting has at least one entry");
  const { fleet, log, clock } = context;
  const ids = sitting.entries.map(({ id }) => id);
  if (leased.rented && first.gpu !== "any") await checkMemory(leased, first, context);
  const engine = engines[first.engine.name];
  let passed = stopwatch(clock);
  let seconds: number | null = null;
  const loaded = await engine.load(ready.engine, first.model, sitting.capacity, {
    ...ready.world,
    onPhase: (phase) => {
      fleet.work(leased.machine_id, phase, ids);
      if (phase === "pull") passed = stopwatch(clock);
      else seconds = passed();
    },
  });
  const bytes = believedBytes(loaded.pulled_bytes, seconds ?? 0, first.model, context.catalog);
  fleet.traffic(leased.machine_id, bytes, seconds, ids);
  const { size_bytes, size_vram_bytes } = loaded;
  if ((ready.site.facts?.gpus.length ?? 0) > 0 && size_vram_bytes === 0) {
    throw new Failure(
      "cuda_failed",
      `Cannot measure ${first.model} on the GPU: the engine put all of it beside the GPU`,
    );
  }
  if (
    size_bytes !== null && size_vram_bytes !== null && 0 < size_vram_bytes && size_vram_bytes < size_bytes
  ) {
    const part = Math.round(100 * size_vram_bytes / size_bytes);
    log.warn(
      `${leased.lease_id}  only ${part} % of ${first.model} lies in GPU memory: results are marked cpu_spill`,
    );
  }
  return { loaded, [Symbol.asyncDispose]: () => engine.unload(ready.engine, first.model, ready.world) };
}

/** Refuses a GPU whose memory others already hold. */
async function checkMemory(
  { machine, signal }: Leased,
  entry: Entry,
  { catalog, clock }: StageContext,
): Promise<void> {
  const fit = fitOf(entry, catalog);
  const { gpus } = await factsOf(machine, signal, clock.now);
  const free = gpus.reduce((sum, { memory_mib, used_mib }) => sum + memory_mib - used_mib, 0) / 1024;
  const all = gpus.reduce((sum, { memory_mib }) => sum + memory_mib, 0) / 1024;
  if (fit === null || fit.needed_gib <= free || fit.needed_gib > all) return;
  throw new Failure(
    "vram_taken",
    `Cannot load ${entry.model}: it needs ${fit.needed_gib.toFixed(1)} GiB and ${free.toFixed(1)} of ${
      all.toFixed(1)
    } GiB are free`,
  );
}
