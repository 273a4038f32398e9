// sweep: machines that carry the almanac's label on any account, and the end of those that nobody wants.
import { messageOf } from "../errors.ts";
import { GRACE_SECONDS, type Judgement } from "../fleet/judge.ts";
import { readLabel } from "../fleet/label.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import type { Sighting } from "../providers/provider.ts";
import { type MachineRecord, mayExist } from "../schema/machine.ts";
import type { ProviderName } from "../schema/names.ts";
import { closeRun } from "./close.ts";
import { machinesOfRuns, openRuns } from "./history.ts";
import { census, destroyOrphan } from "./reaper.ts";
import { deploymentOf, type Opened, openProviders, type World } from "./world.ts";

export interface SweepOptions {
  readonly paths: Paths;
  readonly world: World;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Another deployment than this root's, whose machines are all taken for orphans; null: this root's. */
  readonly deployment: string | null;
  /** Whether what nobody wants is destroyed. */
  readonly destroy: boolean;
  /** Whether a run works in this root at the moment: its machines are wanted. */
  readonly isRunning: boolean;
}

/** A machine with a label of the almanac. */
export interface Swept {
  readonly provider: ProviderName;
  readonly sighting: Sighting;
  readonly judgement: Judgement | "other deployment";
  readonly destroyed: boolean;
}

export interface Sweep {
  readonly machines: readonly Swept[];
  /** Machines that the journals tell of and that could not be proven gone. */
  readonly leftovers: readonly MachineRecord[];
  /** Providers that could not be read, with the reason. */
  readonly failed: ReadonlyMap<ProviderName, string>;
  readonly opened: Opened;
}

/** Compares every account with every journal of this root; `destroy` closes what is open and ends what nobody wants. */
export async function sweep(options: SweepOptions): Promise<Sweep> {
  const { paths, world, log, destroy, deployment, isRunning } = options;
  const opened = await openProviders(paths, world, log);
  const prefix = deployment ?? await deploymentOf(paths);
  const runs = deployment === null ? await machinesOfRuns(paths, log) : [];
  const records = runs.flatMap(({ machines }) => machines);
  const result = await census({
    providers: opened.providers,
    prefix,
    records,
    isWanted: (record) => isRunning && mayExist(record),
    grace_seconds: deployment === null ? GRACE_SECONDS : 0,
    clock: world.clock,
  });
  const closed = new Map<string, readonly MachineRecord[]>();
  if (deployment === null && destroy) {
    for (const run_id of await openRuns(paths, log)) {
      try {
        closed.set(run_id, await closeRun(run_id, { paths, world, opened, prefix, log }, options.signal));
      } catch (error) {
        log.warn(`run ${run_id} could not be closed: ${messageOf(error)}`);
      }
    }
  }
  const machines: Swept[] = [];
  for (const { provider: name, sighting, judgement } of result.found) {
    const label = readLabel(sighting.label);
    if (label === null) continue;
    const isOurs = label.prefix === prefix;
    const provider = opened.providers.get(name);
    const unwanted = isOurs && destroy && provider !== undefined &&
      ["orphan", "unwanted", "overdue"].includes(judgement);
    const destroyed = unwanted && await destroyOrphan(provider, sighting, world.clock, log);
    machines.push({
      provider: name,
      sighting,
      judgement: isOurs ? judgement : "other deployment",
      destroyed,
    });
  }
  const ended = new Set(machines.filter(({ destroyed }) => destroyed).map(({ sighting }) => sighting.label));
  const leftovers = runs.flatMap(({ run_id, machines }) => closed.get(run_id) ?? machines.filter(mayExist))
    .filter(({ label }) => !ended.has(label));
  const failed = new Map([...result.failed].map(([name, error]) => [name, messageOf(error)]));
  return { machines, leftovers, failed, opened };
}
