// PURE. What a machine costs and what for: every second from its creation to its proven end belongs to one phase.
import type { MachineEvent, MachineRecord, Phase } from "./machine.ts";

export const COST_KINDS = ["boot", "pull", "load", "measure", "idle", "failed"] as const;
export type CostKind = typeof COST_KINDS[number];

/** US dollars by what they were spent on. `failed`: for work that led to no result. */
export type CostSplit = Record<CostKind, number>;

/** Where the time of a phase is booked. */
const KIND_OF: Record<Phase, CostKind> = {
  boot: "boot",
  setup: "boot",
  pull: "pull",
  load: "load",
  measure: "measure",
  collect: "idle",
  idle: "idle",
};

export interface Cost {
  readonly usd: number;
  readonly split: CostSplit;
  /** US dollars by entry: its own work, and an equal share of what was for the whole machine. */
  readonly by_entry: ReadonlyMap<string, number>;
}

/** Milliseconds since 1970. */
export interface BilledTime {
  readonly from: number;
  readonly to: number;
}

/** From here on the machine is billed at `rate` US dollars per hour for `phase`; no entries: for all of them. */
interface Mark {
  readonly at: number;
  readonly phase: Phase;
  readonly entries: readonly string[];
  readonly rate: number;
}

interface Spending {
  readonly usd: number;
  readonly phase: Phase;
  readonly entries: readonly string[];
}

/**
 * The cost of one machine until `now` (ms since 1970). Whole steps of the provider are billed; before it runs only its disk,
 * where that has a price of its own. `succeeded` says which entries gave a result on this machine.
 */
export function costOf(machine: MachineRecord, succeeded: (entryId: string) => boolean, now: number): Cost {
  const spendings = [...timeOf(machine, now), ...trafficOf(machine)];
  const split = emptySplit();
  const by_entry = new Map(machine.entries.map((id) => [id, 0]));
  for (const { usd, phase, entries } of spendings) {
    const sharing = entries.length === 0 ? machine.entries : entries;
    split[sharing.some(succeeded) ? KIND_OF[phase] : "failed"] += usd;
    for (const id of sharing) by_entry.set(id, (by_entry.get(id) ?? 0) + usd / sharing.length);
  }
  return { usd: spendings.reduce((sum, { usd }) => sum + usd, 0), split, by_entry };
}

/** The sum of several costs. */
export function sumOfCosts(costs: readonly Cost[]): Cost {
  const split = emptySplit();
  const by_entry = new Map<string, number>();
  for (const cost of costs) {
    for (const kind of COST_KINDS) split[kind] += cost.split[kind];
    for (const [id, usd] of cost.by_entry) by_entry.set(id, (by_entry.get(id) ?? 0) + usd);
  }
  return { usd: costs.reduce((sum, { usd }) => sum + usd, 0), split, by_entry };
}

/** From when to when a machine is billed; null when nothing was created. */
export function billedTime({ events, state }: MachineRecord, now: number): BilledTime | null {
  const begun = events.find(({ event }) => event === "requested" || event === "unknown");
  if (begun === undefined || state === "not_created") return null;
  const ended = events.find(({ event }) => event === "gone");
  const from = Date.parse(begun.at);
  return { from, to: Math.max(from, ended === undefined ? now : Date.parse(ended.at)) };
}

function timeOf(machine: MachineRecord, now: number): Spending[] {
  const billed = billedTime(machine, now);
  if (billed === null) return [];
  const { storage_per_hour, price_per_hour } = machine.offer;
  const full = price_per_hour ?? 0;
  const rate = storage_per_hour > 0 ? storage_per_hour : full;
  let last: Mark = { at: billed.from, phase: "boot", entries: [], rate };
  const marks = [last];
  for (const event of machine.events) {
    const next = markOf(event, last, full);
    if (next !== null) marks.push(last = next);
  }
  const spendings = marks.map(({ at, phase, entries, rate }, index) => {
    const until = Math.min(marks[index + 1]?.at ?? billed.to, billed.to);
    return { usd: Math.max(0, until - at) / 3_600_000 * rate, phase, entries };
  });
  return [...spendings, roundingOf(machine, billed, full)];
}

function markOf(event: MachineEvent, last: Mark, rate: number): Mark | null {
  const at = Date.parse(event.at);
  switch (event.event) {
    case "starting":
    case "ready":
      return { ...last, at, rate };
    case "work":
      return { at, phase: event.phase, entries: event.entries, rate };
    case "destroying":
      return { ...last, at, phase: "idle", entries: [] };
    default:
      return null;
  }
}

/** The rest of the last step, which is billed whole. */
function roundingOf(machine: MachineRecord, { from, to }: BilledTime, rate: number): Spending {
  const step = machine.billing_step_seconds;
  const seconds = (to - from) / 1000;
  const rest = machine.state === "gone" && step > 1 ? Math.ceil(seconds / step) * step - seconds : 0;
  return { usd: rest * rate / 3600, phase: "idle", entries: [] };
}

function trafficOf({ events, offer }: MachineRecord): Spending[] {
  return events.flatMap((event) =>
    event.event === "traffic"
      ? [{ usd: event.downloaded_gb * offer.download_per_gb, phase: "pull", entries: event.entries }]
      : []
  );
}

function emptySplit(): CostSplit {
  return { boot: 0, pull: 0, load: 0, measure: 0, idle: 0, failed: 0 };
}
