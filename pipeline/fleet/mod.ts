// The machines of a run: each wish is written down before it is spoken, each end is proven, and nothing is forgotten in between.
import { messageOf } from "../errors.ts";
import { type Clock, throwIfAborted, unlessAborted } from "../lib/clock.ts";
import type { Machine } from "../machines/machine.ts";
import { HalfDone, type Provider, shownBy, type Sighting } from "../providers/provider.ts";
import { codeOf, Failure } from "../schema/failures.ts";
import type { Canary } from "../schema/canary.ts";
import { type EndReason, type MachineRecord, mayExist, type Phase } from "../schema/machine.ts";
import { type ProviderName, providerTitle } from "../schema/names.ts";
import { blamed, type Lent, requireRunning } from "./blame.ts";
import { bringUp } from "./bring_up.ts";
import { chargesFor } from "./charges.ts";
import { labelOf } from "./label.ts";
import { Ledger } from "./ledger.ts";
import { Lookout } from "./lookout.ts";
import type { FleetOptions, Rental } from "./options.ts";

/** After how many seconds a lost create is looked for by its label, while its lease waits: a minute in all. */
const SEARCHES = [0, 5, 10, 15, 30];
/** After so long a machine that no complete list shows was never made. */
const NEVER_MADE_SECONDS = 300;
/** How long the end of a run waits for the proof that a machine is gone; and for one of which nobody knows that it was made. */
const PATIENCE_SECONDS = 120;
const UNKNOWN_PATIENCE_SECONDS = NEVER_MADE_SECONDS + PATIENCE_SECONDS;
const LONGEST_WAIT_SECONDS = 300;
/** After so many tries that did not end a machine the user is told. */
const ALARM_AFTER = 10;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #ending = new Map<string, Promise<boolean>>();
  readonly #ledger: Ledger;
  readonly #searched = new Set<string>();
  readonly #lookouts = new Map<ProviderName, Lookout>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options);
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** All machines of the run, oldest first. */
  records(): MachineRecord[] {
    return this.#ledger.records();
  }

  record(machineId: string): MachineRecord {
    return this.#ledger.record(machineId);
  }

  /** Machines that may exist. */
  live(): MachineRecord[] {
    return this.#ledger.live();
  }

  provider(name: ProviderName): Provider {
    const provider = this.#options.providers.get(name);
    if (provider === undefined) {
      throw new Failure("no_key", `Cannot use ${providerTitle(name)}: it was not opened`);
    }
    return provider;
  }

  /** Writes down what a machine's time is spent on from now. */
  work(machine_id: string, phase: Phase, entries: readonly string[]): void {
    this.#ledger.append({ event: "work", machine_id, phase, entries: [...entries] });
  }

  /** Writes down what was downloaded for these entries, and in how many seconds. */
  traffic(machine_id: string, bytes: number, seconds: number | null, entries: readonly string[]): void {
    if (bytes === 0) return;
    const downloaded_gb = bytes / 1e9;
    this.#ledger.append({ event: "traffic", machine_id, downloaded_gb, seconds, entries: [...entries] });
  }

  /** Writes down what the first minutes on a machine showed. */
  canary(machine_id: string, canary: Canary): void {
    this.#ledger.append({ event: "canary", machine_id, canary });
  }

  /**
   * Rents an offer. The wish is on disk before it is sent. When the answer is lost, what it made is found by its label and
   * taken; a Failure says why there is no machine.
   */
  async rent(rental: Rental, signal: AbortSignal): Promise<MachineRecord> {
    throwIfAborted(signal);
    const { offer, lease_id, entries, limits, disk_gb } = rental;
    const { prefix, clock, identityOf } = this.#options;
    const provider = this.provider(offer.provider);
    const { public_key } = await identityOf(offer.provider);
    const machine_id = this.#ledger.nextId();
    const created = Math.floor(clock.now() / 1000);
    const deadline = Math.ceil(clock.after(rental.hours * 3600) / 1000);
    const label = labelOf({ prefix, machine_id, created, deadline });
    this.#searched.add(machine_id);
    this.#ledger.append({
      event: "intent",
      machine_id,
      lease_id,
      label,
      offer,
      deadline: new Date(deadline * 1000).toISOString(),
      entries: [...entries],
      simulated: provider.simulated,
      billing_step_seconds: provider.billing_step_seconds,
    });
    try {
      const order = { offer, label, public_key, disk_gb, limits, deadline };
      const [made] = await Promise.allSettled([provider.create(order, signal)]);
      if (made.status === "rejected") await this.#afterRefusal(machine_id, made.reason, signal);
      else this.#ledger.append({ event: "requested", machine_id, provider_id: made.value });
    } finally {
      this.#searched.delete(machine_id);
    }
    return this.record(machine_id);
  }

  /** Waits until the machine can be worked on, and connects. A Failure says why it cannot. */
  async bringUp(machineId: string, signal: AbortSignal): Promise<Machine> {
    const { identityOf, connect, sockets, run_dir, clock, log } = this.#options;
    const record = this.record(machineId);
    const provider = this.provider(record.offer.provider);
    const { identity, public_key } = await identityOf(record.offer.provider);
    return await bringUp({
      record,
      provider,
      see: (id) => this.#lookout(provider.name).see(id),
      public_key,
      clock,
      log,
      signal,
      append: (event) => this.#ledger.append(event),
      connect: (address) =>
        connect(address, { machine_id: record.label, run_dir, identity, sockets, clock, signal }),
    });
  }

  /** Connects once to a machine that was ready before. */
  async reconnect(machineId: string, signal: AbortSignal): Promise<Machine> {
    const { identityOf, connect, sockets, run_dir, clock } = this.#options;
    const { address, label, offer } = this.record(machineId);
    if (address === null) {
      throw new Failure("connection_lost", `Cannot connect to ${machineId}: it was never ready`);
    }
    const { identity } = await identityOf(offer.provider);
    return await connect(address, { machine_id: label, run_dir, identity, sockets, clock, signal });
  }

  /**
   * Ends a machine: asks for it until neither get nor list shows it. True when that is proven; false when `patienceSeconds`
   * were not enough, or nobody knows yet whether it was made.
   */
  giveBack(machineId: string, code: EndReason, reason: string, patienceSeconds: number): Promise<boolean> {
    const ending = this.#ending.get(machineId) ??
      this.#end(machineId, code, reason, patienceSeconds).finally(() => this.#ending.delete(machineId));
    this.#ending.set(machineId, ending);
    return ending;
  }

  /** Refuses a machine that its provider no longer runs. */
  requireRunning(machineId: string, signal: AbortSignal): Promise<void> {
    return requireRunning(this.#lent(machineId), signal);
  }

  /** What was thrown while a machine was worked with, once it is known whose fault it is. */
  blamed(machineId: string, thrown: unknown, signal: AbortSignal): Promise<unknown> {
    return blamed(this.#lent(machineId), thrown, signal);
  }

  /** Whether a lease still waits for the answer to this machine's create, or looks for what it made, which it will take. */
  isSearched(machineId: string): boolean {
    return this.#searched.has(machineId);
  }

  /** Ends every machine that may exist; returns those that could not be proven gone. */
  async endAll(code: EndReason, reason: string): Promise<readonly MachineRecord[]> {
    await Promise.all(
      this.live().map(({ machine_id, provider_id }) => {
        if (provider_id === null) {
          this.#options.log.info(`${machine_id}  waiting for the proof that it was never made`);
        }
        const patience = provider_id === null ? UNKNOWN_PATIENCE_SECONDS : PATIENCE_SECONDS;
        return this.giveBack(machine_id, code, reason, patience);
      }),
    );
    return this.live();
  }

  /** Looks for a machine whose create got no answer; it is then `requested`, or `not_created` once that is sure. */
  async find(record: MachineRecord): Promise<void> {
    const { clock, log } = this.#options;
    const list = this.#lookout(record.offer.provider).list();
    const found = (await shownBy(list)).find(({ label }) => label === record.label);
    if (found === undefined) await list;
    // Somebody else may have found it, or its answer come, while the list was read.
    if (!["intent", "create_unknown"].includes(this.record(record.machine_id).state)) return;
    if (found !== undefined) {
      log.info(`${record.machine_id}  found by its label as ${found.id}`);
      this.#ledger.append({ event: "requested", machine_id: record.machine_id, provider_id: found.id });
    } else if (clock.now() > record.intended_at + (clock.after(NEVER_MADE_SECONDS) - clock.now())) {
      await this.#notCreated(record, "create_unknown", "no complete list has shown it for five minutes");
    }
  }

  /** Writes down that the provider no longer knows a machine, if get and list both say so. */
  async confirmGone(record: MachineRecord, listed: readonly Sighting[]): Promise<boolean> {
    const provider = this.provider(record.offer.provider);
    const { provider_id } = record;
    if (
      provider_id === null || listed.some(({ id, label }) => id === provider_id || label === record.label)
    ) {
      return false;
    }
    if (await provider.get(provider_id) !== null) return false;
    if (!mayExist(this.record(record.machine_id))) return true;
    this.#ledger.append({ event: "gone", machine_id: record.machine_id });
    await this.#forget(record);
    return true;
  }

  /** Asks the providers what they charged, and writes it down. */
  async reconcileCharges(): Promise<void> {
    const gone = this.records().filter(({ state, charged_usd }) => state === "gone" && charged_usd === null);
    for (const [name, machines] of Map.groupBy(gone, ({ offer }) => offer.provider)) {
      try {
        const charged = await chargesFor(machines, this.provider(name), this.clock, this.#options.log);
        for (const { machine_id, usd } of charged) this.#ledger.append({ event: "charged", machine_id, usd });
      } catch (error) {
        this.#options.log.warn(messageOf(error));
      }
    }
  }

  #lent(machineId: string): Lent {
    const { offer, provider_id } = this.record(machineId);
    return { provider: this.provider(offer.provider), id: provider_id ?? "" };
  }

  #lookout(name: ProviderName): Lookout {
    const known = this.#lookouts.get(name);
    if (known !== undefined) return known;
    const lookout = new Lookout(this.provider(name));
    this.#lookouts.set(name, lookout);
    return lookout;
  }

  async #afterRefusal(machine_id: string, error: unknown, signal: AbortSignal): Promise<void> {
    const reason = messageOf(error);
    if (error instanceof HalfDone) {
      this.#ledger.append({ event: "requested", machine_id, provider_id: error.id });
      await this.giveBack(machine_id, error.code, reason, PATIENCE_SECONDS);
      throw error;
    }
    if (codeOf(error) !== "create_unknown") {
      await this.#notCreated(this.record(machine_id), codeOf(error), reason);
      throw error;
    }
    this.#ledger.append({ event: "unknown", machine_id, reason });
    for (const seconds of SEARCHES) {
      // When the run is stopped its end goes on with the search.
      await this.clock.sleep(seconds, signal);
      const finding = this.find(this.record(machine_id)).catch((cause) =>
        this.#options.log.warn(`${machine_id}  ${messageOf(cause)}`)
      );
      await unlessAborted(finding, signal);
      if (this.record(machine_id).state === "requested") return;
    }
    throw error;
  }

  async #notCreated(record: MachineRecord, code: Failure["code"], reason: string): Promise<void> {
    this.#ledger.append({ event: "not_created", machine_id: record.machine_id, code, reason });
    await this.#forget(record);
  }

  async #end(machineId: string, code: EndReason, reason: string, patienceSeconds: number): Promise<boolean> {
    const { clock, log } = this.#options;
    const until = clock.after(patienceSeconds);
    for (let attempt = 1;; attempt++) {
      try {
        if (await this.#endOnce(machineId, code, reason)) return true;
      } catch (error) {
        log.warn(`${machineId}  ${messageOf(error)}`);
      }
      const record = this.record(machineId);
      if (!mayExist(record)) return true;
      if (attempt === ALARM_AFTER) {
        log.warn(
          `${machineId}  still not gone after ${attempt} tries: look at ${
            providerTitle(record.offer.provider)
          }`,
        );
      }
      if (clock.now() >= until) return false;
      await clock.sleep(Math.min(5 * attempt, LONGEST_WAIT_SECONDS));
    }
  }

  /** One try to end a machine; true when neither get nor list shows it. */
  async #endOnce(machineId: string, code: EndReason, reason: string): Promise<boolean> {
    let record = this.record(machineId);
    if (!mayExist(record)) return true;
    if (record.provider_id === null) {
      await this.find(record);
      record = this.record(machineId);
      if (record.provider_id === null) return !mayExist(record);
    }
    if (!mayExist(record)) return true;
    if (record.state !== "destroying") this.#announceEnd(machineId, code, reason);
    const provider = this.provider(record.offer.provider);
    const { provider_id, label } = record;
    const [answer] = await Promise.allSettled([provider.destroy(provider_id ?? "")]);
    const listed = await shownBy(this.#lookout(provider.name).list());
    // A create that arrived twice has made more than one.
    const others = listed.filter((each) => each.label === label && each.id !== provider_id);
    for (const { id } of others) await provider.destroy(id);
    if (await this.confirmGone(record, listed)) return true;
    if (answer.status === "rejected") throw answer.reason;
    return false;
  }

  /** A full disk must not keep a machine alive. */
  #announceEnd(machine_id: string, code: EndReason, reason: string): void {
    try {
      this.#ledger.append({ event: "destroying", machine_id, code, reason });
    } catch (error) {
      this.#options.log.warn(`${machine_id}  ${messageOf(error)}`);
    }
  }

  async #forget({ label, offer }: MachineRecord): Promise<void> {
    await this.provider(offer.provider).forget?.(label).catch((error) =>
      this.#options.log.warn(`what ${label} left at ${providerTitle(offer.provider)}: ${messageOf(error)}`)
    );
  }
}
