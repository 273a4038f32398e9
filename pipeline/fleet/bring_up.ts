// From a machine that was asked for to one that can be worked on: it runs, SSH listens, our key is taken.
import { messageOf } from "../errors.ts";
import { type Clock, throwIfAborted, unlessAborted } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Machine } from "../machines/machine.ts";
import type { Provider, Sighting } from "../providers/provider.ts";
import { Failure, type FailureCode } from "../schema/failures.ts";
import type { Address, MachineRecord } from "../schema/machine.ts";
import { providerTitle } from "../schema/names.ts";
import type { Note } from "./ledger.ts";

export interface BringUp {
  readonly record: MachineRecord;
  readonly provider: Provider;
  /** The machine as its provider tells it now. */
  readonly see: (id: string) => Promise<Sighting | null>;
  readonly public_key: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly append: (note: Note) => void;
  readonly connect: (address: Address) => Promise<Machine>;
}

const LOOK_SECONDS = 5;
/** sshd may lag behind the machine, and a key takes up to 15 s; after this it is the host's fault. */
const SSH_SECONDS = 180;
/** A machine that get no longer shows may only be late in showing. */
const UNSEEN_TIMES = 3;
/** What a provider's API has now and then; a machine that was paid for is worth waiting for its end. */
const PASSING: readonly FailureCode[] = ["provider_unavailable", "rate_limited"];

/** What another try to connect cannot change. */
const FOR_GOOD: readonly FailureCode[] = ["host_key_changed", "hostile_output", "ssh_unusable"];

/** Waits, connects and says `ready`. */
export async function bringUp(task: BringUp): Promise<Machine> {
  const { record: { machine_id }, append } = task;
  const addresses = await running(task);
  if (task.record.state === "requested") append({ event: "starting", machine_id });
  const { machine, address } = await connected(task, addresses);
  append({ event: "ready", machine_id, address });
  return machine;
}

async function running(task: BringUp): Promise<readonly Address[]> {
  const { record, provider, clock, log, signal } = task;
  const id = record.provider_id ?? "";
  const until = clock.after(provider.boot_seconds);
  let admitted = provider.admit === undefined;
  let unseen = 0;
  for (let told = "";;) {
    const sighting = await sightingOf(task, id, until);
    unseen = sighting === null ? unseen + 1 : 0;
    if (unseen >= UNSEEN_TIMES) {
      throw new Failure(
        "machine_vanished",
        `Cannot start machine ${id}: ${providerTitle(provider.name)} no longer knows it`,
      );
    }
    if (sighting !== null && sighting !== undefined) {
      if (sighting.words !== told) log.info(`${record.lease_id}  ${told = sighting.words}`);
      refuseDead(sighting);
      if (!admitted) admitted = await admit(task, id);
      if (sighting.state === "running" && sighting.addresses.length > 0) return sighting.addresses;
    }
    if (clock.now() > until) {
      throw new Failure(
        "boot_timeout",
        `Cannot start machine ${id}: after ${provider.boot_seconds} s it is "${told}"`,
      );
    }
    await clock.sleep(LOOK_SECONDS, signal);
  }
}

/** The machine as it is now; undefined when its provider cannot say just now, which is no reason to give it up. */
async function sightingOf(
  { see, clock, log, signal }: BringUp,
  id: string,
  until: number,
): Promise<Sighting | null | undefined> {
  try {
    return await unlessAborted(see(id), signal);
  } catch (error) {
    const isPassing = error instanceof Failure && PASSING.includes(error.code);
    if (!isPassing || clock.now() > until) throw error;
    log.warn(error.message);
    return undefined;
  }
}

function refuseDead({ id, state, words, trouble }: Sighting): void {
  if (state === "dead") {
    throw new Failure(trouble ?? "machine_stopped", `Cannot start machine ${id}: it is "${words}"`);
  }
}

/** Some providers take a key only once the machine has begun to start. */
async function admit({ provider, public_key, log, signal }: BringUp, id: string): Promise<boolean> {
  try {
    await unlessAborted(Promise.resolve(provider.admit?.(id, public_key)), signal);
    return true;
  } catch (error) {
    throwIfAborted(signal);
    log.info(messageOf(error));
    return false;
  }
}

async function connected(
  { provider, clock, signal, connect }: BringUp,
  addresses: readonly Address[],
): Promise<{ machine: Machine; address: Address }> {
  const until = clock.after(provider.ssh_seconds ?? SSH_SECONDS);
  for (;;) {
    let last: unknown;
    for (const address of addresses) {
      try {
        return { machine: await connect(address), address };
      } catch (error) {
        last = error;
        if (!(error instanceof Failure) || FOR_GOOD.includes(error.code)) throw error;
      }
    }
    if (clock.now() > until) throw last;
    await clock.sleep(LOOK_SECONDS, signal);
  }
}
