// The first two minutes on a rented machine decide whether to go on; what they showed is kept, also of a machine that is refused.
import type { Loaded } from "../engines/engine.ts";
import { look } from "../engines/look.ts";
import { engines } from "../engines/mod.ts";
import { gpuNamed } from "../lib/catalog.ts";
import { secondsOf, stopwatch } from "../lib/clock.ts";
import { canaryInWords, judgeCanary, refusalOf, usualSpeed } from "../plan/canary.ts";
import { believedBytes } from "../plan/downloaded.ts";
import { leastDownloadMbps } from "../plan/estimate.ts";
import type { Lease, Sitting } from "../plan/leases.ts";
import type { Canary, CanarySigns } from "../schema/canary.ts";
import { Failure } from "../schema/failures.ts";
import type { Leased, StageContext } from "./context.ts";
import type { Ready } from "./setup.ts";

/** How far the work on a machine has come. */
export interface Moment {
  readonly ready: Ready;
  /** What is to be done on it. */
  readonly lease: Pick<Lease, "sittings">;
  readonly sitting: Sitting;
  /** The sitting's model once it is loaded. */
  readonly loaded: Loaded | null;
}

/**
 * Looks at a rented machine once: before anything is loaded where the engine has a small model to try it with, else with the
 * first model of the work. A Failure refuses the machine.
 */
export async function canary(leased: Leased, moment: Moment, context: StageContext): Promise<void> {
  const { machine_id, lease_id, machine, offer, deadline, rented } = leased;
  const { ready: { engine: running, world, site: { facts } }, sitting, loaded } = moment;
  const { fleet, catalog, clock, log, past } = context;
  const [[entry], [gpu]] = [sitting.entries, facts?.gpus ?? []];
  if (!rented || facts === null || entry === undefined || gpu === undefined) return;
  const { canary: known, simulated } = fleet.record(machine_id);
  if (known !== null) return refuseIf(known);
  const { name, flags = null } = entry.engine;
  const engine = engines[name];
  if ((engine.canary === undefined) !== (loaded !== null)) return;
  const looked_at = new Date(clock.now()).toISOString();
  const passed = stopwatch(clock);
  const model = engine.canary ?? entry.model;
  const signs = believed(await look({ machine, engine, running, model, loaded }, world), context);
  if (loaded === null) fleet.traffic(machine_id, signs.downloaded_bytes ?? 0, signs.download_seconds, []);
  const like = { engine: name, engine_flags: flags, model };
  const findings = judgeCanary(signs, {
    bandwidth_gb_s: gpuNamed(catalog, gpu.name, gpu.memory_mib / 1024)?.memory_bandwidth_gb_s ?? null,
    usual_tokens_per_second: usualSpeed([...past, ...fleet.records()], offer, like, simulated),
    least_download_mbps: leastDownloadMbps(moment.lease, secondsOf(clock, deadline - clock.now()), catalog),
  });
  const whole: Canary = {
    looked_at,
    seconds: passed(),
    gpu_name: gpu.name,
    gpu_count: facts.gpus.length,
    gpu_memory_mib: gpu.memory_mib,
    driver_version: gpu.driver,
    ...like,
    ...signs,
    findings,
    ...refusalOf(signs, findings),
  };
  fleet.canary(machine_id, whole);
  log.info(`${lease_id}  canary: ${canaryInWords(whole)}`);
  refuseIf(whole);
}

/** What was seen, with as much of the download as is believed. */
function believed(seen: CanarySigns, { catalog }: StageContext): CanarySigns {
  const { downloaded_bytes: told, download_seconds, model } = seen;
  return {
    ...seen,
    downloaded_bytes: told === null ? null : believedBytes(told, download_seconds ?? 0, model, catalog),
  };
}

function refuseIf({ refused, reason }: Canary): void {
  if (refused !== null) throw new Failure(refused, `Cannot go on with this machine: ${reason}`);
}
