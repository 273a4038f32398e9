// PURE. Entries that fit one machine share it, and entries that share engine and model share one start of the engine.
import type { Entry } from "../schema/entry.ts";
import type { Workload } from "../schema/matrix.ts";
import { slug } from "../schema/slug.ts";

export interface Sitting {
  /** Entries with the same engine and model, in order. */
  readonly entries: readonly Entry[];
  /** The most the engine must be able to take: highest concurrency, longest context. */
  readonly capacity: Workload;
}

export interface Lease {
  readonly id: string;
  readonly provider: Entry["provider"];
  readonly gpu: string;
  readonly sittings: readonly Sitting[];
}

/** Groups entries into leases and sittings; order is kept. */
export function planLeases(entries: readonly Entry[]): Lease[] {
  return [...groupBy(entries, (entry) => slug(`${entry.provider}-${entry.gpu}`))].map(([id, members]) => {
    const [first] = members;
    const sittings = [...groupBy(members, (entry) => JSON.stringify([entry.engine, entry.model])).values()];
    return {
      id,
      provider: first.provider,
      gpu: first.gpu,
      sittings: sittings.map((group) => ({ entries: group, capacity: capacityOf(group) })),
    };
  });
}

function capacityOf(entries: readonly [Entry, ...Entry[]]): Workload {
  return {
    ...entries[0].workload,
    concurrency: [Math.max(...entries.flatMap((entry) => entry.workload.concurrency))],
    context_tokens: Math.max(...entries.map((entry) => entry.workload.context_tokens)),
  };
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
