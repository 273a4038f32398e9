// Fleets over simulated clouds whose machines are only told of, with a clock that jumps over every wait: what is proven of an end.
import { fail } from "node:assert/strict";
import { join } from "node:path";
import { abortReason, type Clock } from "../pipeline/lib/clock.ts";
import type { Machine } from "../pipeline/machines/machine.ts";
import { type Paths, pathsOf } from "../pipeline/paths.ts";
import { providers as kinds } from "../pipeline/providers/mod.ts";
import type { Provider } from "../pipeline/providers/provider.ts";
import { readRun } from "../pipeline/run/journal.ts";
import { type OpenOptions, type OpenRun, openRun } from "../pipeline/run/open.ts";
import { Reaper } from "../pipeline/run/reaper.ts";
import { type Sweep, sweep, type SweepOptions } from "../pipeline/run/sweep.ts";
import { deploymentOf, openProviders, type World } from "../pipeline/run/world.ts";
import type { MachineRecord } from "../pipeline/schema/machine.ts";
import { OfferLimits } from "../pipeline/schema/offer.ts";
import { RELEASES } from "../pipeline/schema/releases.ts";
import type { CloudMachine, CloudOptions } from "./cloud/cloud.ts";
import { type CloudName, PROTOCOLS, startCloud, type StartedCloud } from "./cloud/mod.ts";
import type { Reply, Script, Verb } from "./cloud/server.ts";
import { never, wanted } from "./contract/rented.ts";
import { STOCKS } from "./faults/stocks.ts";

export const CLOUDS = Object.keys(PROTOCOLS) as CloudName[];
export const RUN = "20261124-100000-abcd";
/** Answers that say nothing about machines. */
export const NONSENSE: Readonly<Record<string, Reply>> = {
  "a fault": { status: 500, text: "oops" },
  "an empty body": { text: "" },
  "HTML": { text: "<html>Bad gateway</html>" },
  "an unknown envelope": { json: { machines: [] } },
};

/** Whoever waits goes on at once, and it is later then. */
export class JumpingClock implements Clock {
  /** Milliseconds by which it is ahead of the real one. */
  #ahead = 0;
  #patience = new AbortController();

  now(): number {
    return Date.now() + this.#ahead;
  }

  after(seconds: number): number {
    return this.now() + seconds * 1000;
  }

  jump(seconds: number): void {
    this.#ahead += seconds * 1000;
  }

  sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    this.jump(seconds);
    return new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Answers that never come are waited for until `giveUp`. */
  timeout(): AbortSignal {
    return this.#patience.signal;
  }

  giveUp(): void {
    this.#patience.abort();
    this.#patience = new AbortController();
  }
}

export interface Hollow extends AsyncDisposable {
  readonly paths: Paths;
  readonly clock: JumpingClock;
  /** What was said to the user. */
  readonly said: string[];
  readonly opening: OpenOptions;
  /** The deployment's name. */
  readonly prefix: string;
  cloud(name?: CloudName): StartedCloud;
  provider(name?: CloudName): Provider;
  /** Machines that exist. */
  present(): CloudMachine[];
  /** How often a verb was asked. */
  count(verb: Verb, name?: CloudName): number;
  open(run_id?: string): Promise<HollowRun>;
  /** Sweeps this root, or another that knows nothing. */
  sweep(changes?: Partial<SweepOptions>): Promise<Sweep>;
  /** A machine whose label says that it was created so many seconds ago, and that no journal tells of. */
  stray(label: { seconds?: number; prefix?: string; whole?: string }, name?: CloudName): Promise<string>;
}

export interface HollowRun extends OpenRun {
  readonly reaper: Reaper;
  rent(options?: RentOptions): Promise<MachineRecord>;
  /** The journal of machines, by its events. */
  events(): Promise<string[]>;
}

export interface RentOptions {
  readonly name?: CloudName;
  readonly lease_id?: string;
  readonly hours?: number;
  readonly signal?: AbortSignal;
}

export type Clouds = Partial<Record<CloudName, Partial<CloudOptions> & { readonly script?: Script }>>;

/** Starts these clouds beside a root that knows nothing. */
export async function hollow(clouds: Clouds = { vastai: {} }): Promise<Hollow> {
  const started = new Map<CloudName, StartedCloud>();
  for (
    const [name, { script, ...options }] of Object.entries(clouds) as [CloudName, Clouds["vastai"] & object][]
  ) {
    const usual = { stock: STOCKS[name], pace: 0, hollowPort: 2222 };
    started.set(name, await startCloud(PROTOCOLS[name], { ...usual, ...options }, script));
  }
  const root = await Deno.makeTempDir({ prefix: "hollow-" });
  const paths = pathsOf(root);
  const clock = new JumpingClock();
  const said: string[] = [];
  const log = {
    info: (text: string) => void said.push(text),
    warn: (text: string) => void said.push(`! ${text}`),
  };
  const world: World = {
    clock,
    kinds,
    connect: () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() } as unknown as Machine),
    env: () => undefined,
    simulated: new Map(
      [...started].map(([name, { url, login, cloud: { key } }]) => [name, { url, login, key }]),
    ),
    models: null,
    startEmbedded: () => Promise.reject(new Error("there is no embedded engine here")),
    releases: RELEASES,
    bundleAgent: () => Promise.reject(new Error("nothing is measured here")),
  };
  const [first = "vastai"] = started.keys();
  const opened = await openProviders(paths, world, log);
  const prefix = await deploymentOf(paths);
  const opening = { paths, world, opened, prefix, log };
  const cloud = (name: CloudName = first) => found(started.get(name), name);
  const provider = (name: CloudName = first) => found(opened.providers.get(name), name);
  return {
    paths,
    clock,
    said,
    opening,
    prefix,
    cloud,
    provider,
    present: () => [...started.values()].flatMap((each) => each.cloud.present()),
    count: (verb, name) => cloud(name).asked.filter((each) => each.verb === verb).length,
    open: (run_id = RUN) => openHollow(run_id, opening, provider, first),
    sweep: (changes) =>
      sweep({ ...opening, signal: never, deployment: null, destroy: false, isRunning: false, ...changes }),
    stray: async ({ seconds = 3600, prefix: whose = prefix, whole }, name) => {
      const label = whole ?? `${whose}-r-1-${Math.floor(clock.now() / 1000) - seconds}-60`;
      return await provider(name).create({ ...await orderOf(provider(name)), label }, never);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...started.values()].map((each) => each[Symbol.asyncDispose]()));
      await Deno.remove(root, { recursive: true });
    },
  };
}

async function openHollow(
  run_id: string,
  opening: OpenOptions,
  provider: (name: CloudName) => Provider,
  first: CloudName,
): Promise<HollowRun> {
  const run = await openRun(run_id, opening);
  const { opened, world: { clock } } = opening;
  return {
    ...run,
    reaper: new Reaper({ ...opening, fleet: run.fleet, providers: opened.providers, clock }),
    rent: async ({ name = first, lease_id = "l", hours = 2, signal = never } = {}) => {
      const { offer, disk_gb, limits } = await orderOf(provider(name));
      return await run.fleet.rent({ lease_id, entries: [], offer, disk_gb, limits, hours }, signal);
    },
    events: async () =>
      (await readRun(join(opening.paths.runs, run_id), fail)).machines.map(({ event }) => event),
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

async function orderOf(provider: Provider) {
  const [offer] = await provider.offers(wanted(), never);
  if (offer === undefined) throw new Error("there is no offer");
  const limits = OfferLimits.parse({});
  return { offer, limits, disk_gb: 60, public_key: "ssh-ed25519 AAAA test", deadline: 1_795_485_600 };
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`there is no simulated ${name}`);
  return value;
}
