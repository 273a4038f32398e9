// PURE. Entries that fit one machine share it, and entries that share engine, model and context share one start of the engine.
import type { Entry } from "../schema/entry.ts";
import { mostInFlight } from "../schema/load.ts";
import type { Workload } from "../schema/matrix.ts";
import { ProviderName } from "../schema/names.ts";
import type { OfferLimits, Wanted } from "../schema/offer.ts";
import { slugs } from "../schema/slug.ts";
import { type Catalog, sizeGb } from "./fit.ts";
import { boundSeconds, sittingSeconds, USUAL_MBPS } from "./estimate.ts";

export interface Sitting {
  /** Entries with the same engine, model and context, in order. */
  readonly entries: readonly Entry[];
  /** The most the engine must be able to take: as many requests at once as any of them, at their context. */
  readonly capacity: Workload;
}

export interface Lease {
  readonly id: string;
  readonly provider: ProviderName;
  readonly gpu: string;
  readonly gpu_count: number;
  readonly limits: OfferLimits;
  readonly sittings: readonly Sitting[];
}

/**
 * Groups entries into leases, and those into sittings: engine by engine, the smallest model first, so that the least is spent
 * when something fails. What does not fit into a lease's deadline becomes another lease for the same kind of machine.
 */
export function planLeases(entries: readonly Entry[], catalog: Catalog): Lease[] {
  const groups = groupBy(
    entries,
    ({ provider, gpu, gpu_count, offers }) => JSON.stringify([provider, gpu, gpu_count, offers]),
  );
  const leases = [...groups.values()].flatMap((members) => {
    const [{ provider, gpu, gpu_count, offers }] = members;
    return parts(sittingsOf(members, catalog), offers.max_hours * 3600, catalog)
      .map((sittings) => ({
        provider: ProviderName.parse(provider),
        gpu,
        gpu_count,
        limits: offers,
        sittings,
      }));
  });
  const ids = uniqueIds(leases.map(leaseName));
  return leases.map((lease, index) => ({ id: ids[index] ?? "", ...lease }));
}

/** All entries of a lease. */
export function entriesOf({ sittings }: Pick<Lease, "sittings">): Entry[] {
  return sittings.flatMap(({ entries }) => entries);
}

/** What is asked of a lease's provider; the price is judged here, so that an offer above the cap can be named. */
export function wantedFor(lease: Omit<Lease, "id" | "provider">, catalog: Catalog): Wanted {
  const { max_price_per_hour: _, ...limits } = lease.limits;
  return {
    gpu: lease.gpu,
    vram_gib: catalog.gpus.find(({ name }) => name === lease.gpu)?.memory_gib ?? null,
    gpu_count: lease.gpu_count,
    disk_gb: diskGb(lease, catalog),
    hours: limits.max_hours,
    limits,
  };
}

/** Disk that a lease needs: its models with a tenth to spare, and room for system and engine; GB. */
export function diskGb({ limits, sittings }: Pick<Lease, "limits" | "sittings">, catalog: Catalog): number {
  const models = [...new Set(entriesOf({ sittings }).map(({ model }) => model))];
  const needed = models.reduce((sum, model) => sum + (sizeGb(model, catalog) ?? UNKNOWN_DISK_GB) * 1.1, 0);
  return limits.disk_gb ?? Math.ceil(needed + SYSTEM_GB);
}

/** Room for the engine, its libraries and our files, GB. */
const SYSTEM_GB = 25;
/** Disk kept for a model whose size nobody knows, GB. */
export const UNKNOWN_DISK_GB = 40;

function sittingsOf(entries: readonly Entry[], catalog: Catalog): Sitting[] {
  const groups = [
    ...groupBy(
      entries,
      ({ engine, model, workload }) => JSON.stringify([engine, model, workload.context_tokens]),
    ).values(),
  ];
  const engines = [...new Set(groups.map(([{ engine }]) => JSON.stringify(engine)))];
  const rank = ([{ engine }]: [Entry, ...Entry[]]) => engines.indexOf(JSON.stringify(engine));
  const size = ([{ model }]: [Entry, ...Entry[]]) => sizeGb(model, catalog) ?? 0;
  return groups.sort((a, b) => rank(a) - rank(b) || size(a) - size(b))
    .map((group) => ({ entries: group, capacity: capacityOf(group) }));
}

/** Fills leases one after another; a sitting that is too long for any stands alone. */
function parts(sittings: readonly Sitting[], limit: number, catalog: Catalog): Sitting[][] {
  const result: Sitting[][] = [];
  let used = Infinity;
  for (const sitting of sittings) {
    const seconds = sittingSeconds(sitting, catalog, USUAL_MBPS);
    const last = result.at(-1);
    if (last === undefined || boundSeconds(used + seconds) > limit) {
      result.push([sitting]);
      used = seconds;
    } else {
      last.push(sitting);
      used += seconds;
    }
  }
  return result;
}

function leaseName({ provider, gpu, gpu_count }: Omit<Lease, "id">): string {
  return [provider, ...(gpu_count > 1 ? [`${gpu_count}x`] : []), gpu].join("-");
}

function uniqueIds(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  const told = names.map((name) => {
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n === 1 ? name : `${name}-${n}`;
  });
  const ids = slugs(told);
  return told.map((name) => ids.get(name) ?? name);
}

function capacityOf(entries: readonly [Entry, ...Entry[]]): Workload {
  const { load: _, ...workload } = entries[0].workload;
  return { ...workload, concurrency: [Math.max(...entries.map((entry) => mostInFlight(entry.workload)))] };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
