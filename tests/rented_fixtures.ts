// What tests of rented machines are made of: offers, machines' events, leases, a clock that stands still, and random numbers that repeat.
import type { z } from "zod";
import { abortReason, type Clock } from "../pipeline/lib/clock.ts";
import type { Catalog } from "../pipeline/plan/fit.ts";
import type { Lease } from "../pipeline/plan/leases.ts";
import type { Entry } from "../pipeline/schema/entry.ts";
import { foldMachines, MachineEvent, type MachineRecord } from "../pipeline/schema/machine.ts";
import { Offer } from "../pipeline/schema/offer.ts";
import { entry } from "./fixtures.ts";

/** When the machines of tests begin, milliseconds since 1970. */
export const START = Date.parse("2026-11-24T10:00:00.000Z");

/** A time so many seconds after the start, as journals write it. */
export function time(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

/** An RTX 4090 at Vast.ai for $0.36 an hour that nothing speaks against. */
export function offer(changes: Partial<z.input<typeof Offer>> = {}): Offer {
  return Offer.parse({
    id: "1",
    provider: "vastai",
    gpu: "RTX 4090",
    gpu_count: 1,
    vram_gib: 24,
    price_per_hour: 0.36,
    location: "Hesse",
    country: "DE",
    host: `host of ${changes.id ?? "1"}`,
    reliability: null,
    download_mbps: null,
    cuda: null,
    max_hours: null,
    ...changes,
  });
}

/** An entry for an RTX 4090 at Vast.ai. */
export function rentedEntry(id: string, changes: Parameters<typeof entry>[1] = {}): Entry {
  return entry(id, { gpu: "RTX 4090", provider: "vastai", ...changes });
}

/** A lease of one sitting. */
export function lease(id: string, changes: Partial<Lease> = {}, entries = [rentedEntry(`e-${id}`)]): Lease {
  const [first] = entries;
  if (first === undefined) throw new TypeError("a lease has at least one entry");
  return {
    id,
    provider: "vastai",
    gpu: "RTX 4090",
    gpu_count: 1,
    limits: first.offers,
    sittings: [{ entries, capacity: first.workload }],
    ...changes,
  };
}

/** One model of each size of so many GB, and an RTX 4090. */
export function catalogOf(sizes: Record<string, number>): Catalog {
  return {
    gpus: [gpu("RTX 4090", 24)],
    models: Object.entries(sizes).map(([name, gb]) => ({
      name,
      family: "f",
      parameters: 1,
      context_length: 4096,
      layers: 32,
      kv_heads: 8,
      head_dim: 128,
      quantization: "Q4_0",
      sizes_gb: { Q4_0: gb },
      source: "s",
    })),
  };
}

function gpu(name: string, memory_gib: number): Catalog["gpus"][number] {
  return {
    name,
    vendor: "NVIDIA",
    year: 2026,
    memory_gib,
    memory_type: "m",
    memory_bandwidth_gb_s: 1,
    architecture: "a",
    tdp_w: 1,
    segment: "consumer",
    ecc: false,
    source: "s",
  };
}

type Timed = MachineEvent extends infer E ? E extends unknown ? Omit<E, "at" | "machine_id"> : never : never;
/** An event without its time and machine, at so many seconds. */
export type At = readonly [seconds: number, event: Timed];

export interface MachineOptions {
  readonly machine_id?: string;
  readonly lease_id?: string;
  readonly offer?: Partial<z.input<typeof Offer>>;
  readonly entries?: readonly string[];
  readonly billing_step_seconds?: number;
  readonly label?: string;
  /** Seconds after the start. */
  readonly deadline?: number;
}

/** Lines of one machine, its intent at second 0 before them. */
export function machineEvents(events: readonly At[], options: MachineOptions = {}): MachineEvent[] {
  const { machine_id = "m", entries = ["a", "b"], deadline = 7200 } = options;
  const intent: Timed = {
    event: "intent",
    lease_id: options.lease_id ?? "l",
    label: options.label ?? `label of ${machine_id}`,
    offer: offer(options.offer),
    deadline: time(deadline),
    entries: [...entries],
    simulated: false,
    billing_step_seconds: options.billing_step_seconds ?? 1,
  };
  return [[0, intent] as const, ...events].map(([seconds, event]) =>
    MachineEvent.parse({ ...event, at: time(seconds), machine_id })
  );
}

/** One machine after its events. */
export function machine(events: readonly At[], options: MachineOptions = {}): MachineRecord {
  const [record] = foldMachines(machineEvents(events, options));
  if (record === undefined) throw new TypeError("there is an intent");
  return record;
}

export const requested = { event: "requested", provider_id: "p1" } as const;
export const ready = { event: "ready", address: { kind: "here" } } as const;
export const gone = { event: "gone" } as const;

export function work(phase: Extract<MachineEvent, { event: "work" }>["phase"], ...entries: string[]) {
  return { event: "work" as const, phase, entries };
}

export function destroying(code: Extract<MachineEvent, { event: "destroying" }>["code"] = "done") {
  return { event: "destroying" as const, code, reason: "r" };
}

/** A clock that moves when it is told to, and whose sleepers wake then. */
export class StoppedClock implements Clock {
  #now = START;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }

  after(seconds: number): number {
    return this.#now + seconds * 1000;
  }

  sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { until: this.after(seconds), wake: resolve };
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    this.#sleepers.add(sleeper);
    signal?.addEventListener("abort", () => {
      this.#sleepers.delete(sleeper);
      reject(abortReason(signal));
    }, { once: true });
    return promise;
  }

  timeout(): AbortSignal {
    return new AbortController().signal;
  }

  /** Lets time pass, wakes whoever slept until then, and lets them work until they sleep again. */
  async pass(seconds: number): Promise<void> {
    this.#now += seconds * 1000;
    for (const sleeper of [...this.#sleepers].filter(({ until }) => until <= this.#now)) {
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settled();
  }

  /** Lets time pass until the first sleeper wakes. */
  async passToNext(): Promise<void> {
    const next = Math.min(...[...this.#sleepers].map(({ until }) => until));
    if (next === Infinity) throw new TypeError("nobody sleeps");
    await this.pass((next - this.#now) / 1000);
  }
}

/** Waits until everything that can go on without waiting has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}

/** The same whole numbers from 0 to below `below` on every run. */
export function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 2147483648 * below);
  };
}
