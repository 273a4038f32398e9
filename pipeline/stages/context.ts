// What every stage is given besides its own input.
import type { StartEmbedded } from "../engines/engine.ts";
import type { Fleet } from "../fleet/mod.ts";
import type { Clock } from "../lib/clock.ts";
import type { Env } from "../lib/env.ts";
import type { Log } from "../lib/log.ts";
import type { Facts } from "../machines/facts.ts";
import type { Machine } from "../machines/machine.ts";
import type { Paths } from "../paths.ts";
import type { Catalog } from "../plan/fit.ts";
import type { BadMemory } from "../plan/pick.ts";
import type { MachineRecord } from "../schema/machine.ts";
import type { Offer } from "../schema/offer.ts";
import type { Releases } from "../schema/releases.ts";
import type { Tally } from "../schema/tally.ts";

export interface StageContext {
  readonly paths: Paths;
  readonly run_id: string;
  readonly run_dir: string;
  readonly log: Log;
  /** Ctrl-C, a budget, a deadline: its reason says which. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly catalog: Catalog;
  /** Offers that let earlier runs down. */
  readonly memories: readonly BadMemory[];
  /** Machines of other runs, which show what is usual. */
  readonly past: readonly MachineRecord[];
  readonly fleet: Fleet;
  /** The user's variables. */
  readonly env: Env;
  readonly startEmbedded: StartEmbedded;
  /** The versions that are installed where a matrix asks for none. */
  readonly releases: Releases;
  /** Path of the agent's bundle, made once for a run. */
  readonly agentBundle: () => Promise<string>;
  /** Shows how the work at hand goes on; only a terminal draws it. */
  readonly progress: (tally: Tally) => void;
}

/** What a machine has once it is prepared; the same for all its sittings. */
export interface Site {
  /** Paths on the machine. */
  readonly deno: string;
  readonly agent: string;
  /** Null on this computer with any GPU, which is not looked at. */
  readonly facts: Facts | null;
  /** Seconds by which the machine's clock is ahead of ours. */
  readonly clock_ahead: number;
}

/** A machine that a lease holds. Leaving its scope gives it back. */
export interface Leased extends AsyncDisposable {
  /** Our name of it. */
  readonly machine_id: string;
  readonly lease_id: string;
  readonly machine: Machine;
  readonly offer: Offer;
  /** Least CUDA version that was asked for. */
  readonly min_cuda: number;
  /** Whether it is ours to change. */
  readonly rented: boolean;
  /** Shell command by which it destroys itself; null where there is none. */
  readonly self_destruct: string | null;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Aborts with the run, and at the machine's deadline. */
  readonly signal: AbortSignal;
  /** Set by the first setup. */
  site: Promise<Site> | null;
  /** Why it will be given back; said before its scope is left. */
  end: { code: Parameters<Fleet["giveBack"]>[1]; reason: string };
}
