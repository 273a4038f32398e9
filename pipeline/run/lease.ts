// A lease from its first machine to its last entry: what fails is tried as the table says, on this machine or on another.
import type { Loaded } from "../engines/engine.ts";
import { messageOf, reasonOf, UserError } from "../errors.ts";
import { abortReason, throwIfAborted } from "../lib/clock.ts";
import { entriesOf, type Lease, type Sitting } from "../plan/leases.ts";
import type { Entry } from "../schema/entry.ts";
import { codeOf, Failure, type FailureCode, FAILURES } from "../schema/failures.ts";
import { finalIds } from "../schema/fold.ts";
import type { Phase } from "../schema/machine.ts";
import type { Stage } from "../schema/names.ts";
import type { TellReason } from "../schema/reason.ts";
import { canary } from "../stages/canary.ts";
import type { Leased } from "../stages/context.ts";
import { load } from "../stages/load.ts";
import { provision } from "../stages/provision.ts";
import { setup } from "../stages/setup.ts";
import type { RunContext } from "./context.ts";
import { decide, type Decision, scopeOf, Tries } from "./decide.ts";
import { runEntry } from "./entry.ts";
import { remaining } from "./prepare.ts";

/** No lease needs more machines than this, whatever fails. */
const MOST_MACHINES = 40;
/** Trouble at this side is waited out for so long before each new try. */
const MENDING_SECONDS = 30;
/** What the time of a stage is booked as; measuring and collecting are booked by the entry. */
const PHASES: Partial<Record<Stage, Phase>> = { setup: "setup", load: "load" };

interface Trouble {
  readonly code: FailureCode;
  readonly stage: Stage;
  /** What happened. */
  readonly reason: string;
  /** What the user can do; told when nothing more is tried. */
  readonly hint: string | null;
}

/** What failed on this lease so far, over all its machines. */
interface History {
  readonly tries: Tries;
  last: Trouble | null;
}

/** The way on after a failure was written down: the sitting once more, or another machine. */
class Turn extends Error {
  constructor(readonly to: "again" | "elsewhere") {
    super(to);
  }
}

/** Works a lease off. Throws what the run was stopped with; every other failure is written down. */
export async function runLease(lease: Lease, context: RunContext): Promise<void> {
  const history: History = { tries: new Tries(), last: null };
  for (let n = 0; n < MOST_MACHINES; n++) {
    const [left] = remaining(lease, finalIds(context.journal.lines));
    if (left === undefined) return;
    await new MachineWork(left, history, context).run();
  }
  const [left] = remaining(lease, finalIds(context.journal.lines));
  if (left !== undefined) new MachineWork(left, history, context).giveUp();
}

/** The work of one machine. */
class MachineWork {
  constructor(readonly lease: Lease, readonly history: History, readonly context: RunContext) {}

  async run(): Promise<void> {
    const { lease } = this;
    try {
      await using leased = await this.#step(
        "provision",
        entriesOf(lease),
        null,
        () => this.#provision(),
      );
      try {
        for (const sitting of lease.sittings) await this.#sitting(leased, sitting);
        leased.end = { code: "done", reason: "all its entries are done" };
      } catch (error) {
        leased.end = this.#endFor(error);
        throw error;
      }
    } catch (error) {
      if (!(error instanceof Turn)) throw error;
    }
  }

  /** Ends what is left with the last failure. */
  giveUp(): void {
    const { history: { last }, lease } = this;
    const reason = `${MOST_MACHINES} machines were tried; the last: ${
      last?.reason ?? "it ended without a word"
    }`;
    const trouble = { code: "failed", stage: "provision", hint: null, ...last, reason } as const;
    this.#write({ entries: "over", machine: "leave" }, trouble, entriesOf(lease), null);
  }

  /** Nothing is created at a provider that was left. */
  async #provision(): Promise<Leased> {
    const refusal = this.context.left.get(this.lease.provider);
    if (refusal !== undefined) throw refusal;
    return await provision(this.lease, this.context);
  }

  /** Begins again as long as something is left and the machine is kept. */
  async #sitting(leased: Leased, sitting: Sitting): Promise<void> {
    for (;;) {
      const final = finalIds(this.context.journal.lines);
      const entries = sitting.entries.filter(({ id }) => !final.has(id));
      if (entries.length === 0) return;
      try {
        await this.#once(leased, { ...sitting, entries });
      } catch (error) {
        if (!(error instanceof Turn) || error.to === "elsewhere") throw error;
        await this.#pause();
      }
    }
  }

  /** What lies at this side takes a while to be mended; anything else is tried again at once. */
  async #pause(): Promise<void> {
    const { history: { last }, context: { clock, signal } } = this;
    if (last !== null && FAILURES[last.code].remedy === "this_side") {
      await clock.sleep(MENDING_SECONDS, signal);
    }
  }

  /** A failure once it is known whose it is; a run that is stopped asks no more. */
  async #judged(error: unknown, leased: Leased | null): Promise<unknown> {
    const { fleet, signal } = this.context;
    if (leased === null || signal.aborted) return error;
    return await fleet.blamed(leased.machine_id, error, signal);
  }

  async #once(leased: Leased, sitting: Sitting): Promise<void> {
    const { context, lease } = this;
    const { entries } = sitting;
    await using ready = await this.#step("setup", entries, leased, () => setup(leased, sitting, context));
    const look = (loaded: Loaded | null) => () => canary(leased, { ready, lease, sitting, loaded }, context);
    await this.#guarded("setup", entries, leased, look(null));
    await using model = await this.#step(
      "load",
      entries,
      leased,
      () => load(leased, ready, sitting, context),
    );
    await this.#guarded("load", entries, leased, look(model.loaded));
    for (const entry of entries) {
      const failed = await runEntry(leased, ready, entry, context);
      if (failed === null) continue;
      const { entries: then, machine } = this.#settle(
        await this.#judged(failed.error, leased),
        failed.stage,
        [entry],
        leased,
        failed.raw_dir,
      );
      if (machine === "leave") throw new Turn("elsewhere");
      if (then === "again") throw new Turn("again");
    }
  }

  /** Announces a stage for its entries and does it. */
  async #step<T>(
    stage: Stage,
    entries: readonly Entry[],
    leased: Leased | null,
    work: () => Promise<T>,
  ): Promise<T> {
    const { journal, fleet, board, log, signal } = this.context;
    throwIfAborted(signal);
    const lease_id = this.lease.id;
    const machine_id = leased?.machine_id ?? null;
    for (const { id } of entries) {
      journal.append({ event: "stage", entry_id: id, stage, lease_id, machine_id, folder: null });
    }
    const phase = PHASES[stage];
    if (machine_id !== null && phase !== undefined) {
      fleet.work(
        machine_id,
        phase,
        entries.map(({ id }) => id),
      );
    }
    const model = leased === null ? "" : `  ${entries[0]?.model}`;
    log.info(`${lease_id}  ${stage}${model}`);
    board.stage(lease_id, `${stage}${model}`);
    return await this.#guarded(stage, entries, leased, work);
  }

  /** Does work of a stage; its failure is written down, and says how to go on. */
  async #guarded<T>(
    stage: Stage,
    entries: readonly Entry[],
    leased: Leased | null,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const error = await this.#judged(cause, leased);
      const { machine } = this.#settle(error, stage, entries, leased, null);
      if (leased === null) await this.#pause();
      throw new Turn(machine === "leave" || leased === null ? "elsewhere" : "again");
    }
  }

  /** Writes a failure down and says what follows. An abort is no failure: it is thrown on. */
  #settle(
    error: unknown,
    stage: Stage,
    entries: readonly Entry[],
    leased: Leased | null,
    raw_dir: string | null,
  ): Decision {
    const { history, context } = this;
    if (context.signal.aborted) throw abortReason(context.signal);
    const code = codeOf(error);
    if (error instanceof Failure && FAILURES[code].remedy === "leave_provider") {
      context.left.set(this.lease.provider, error);
    }
    const isSoldOut = code === "no_offer" && history.last !== null;
    const trouble = isSoldOut && history.last !== null
      ? { ...history.last, reason: `There is no other offer. ${history.last.reason}` }
      : troubleOf(error, stage, context.tellReason);
    const about = scopeOf(trouble.stage, trouble.code) === "lease" ? this.#left() : entries;
    const nth = history.tries.next(code, about.map(({ id }) => id));
    const decision: Decision = isSoldOut
      ? { entries: "over", machine: "leave" }
      : decide(code, nth, leased?.rented ?? true);
    history.last = trouble;
    this.#write(decision, trouble, about, raw_dir);
    const where = leased === null ? "" : ` on ${leased.offer.host ?? leased.offer.id}`;
    context.log.warn(
      `${nameOf(about, this.lease)}  ${
        inWords(decision, trouble)
      }: ${trouble.code} at ${trouble.stage}${where}: ${
        decision.entries === "again" ? trouble.reason : inFull(trouble)
      }`,
    );
    return decision;
  }

  #left(): Entry[] {
    const final = finalIds(this.context.journal.lines);
    return entriesOf(this.lease).filter(({ id }) => !final.has(id));
  }

  #write(decision: Decision, trouble: Trouble, entries: readonly Entry[], raw_dir: string | null): void {
    const { journal } = this.context;
    const { code, stage } = trouble;
    const { status } = FAILURES[code];
    const reason = inFull(trouble);
    for (const { id: entry_id } of entries) {
      if (decision.entries === "again") {
        journal.append({ event: "retry", entry_id, stage, code, reason: trouble.reason, raw_dir });
      } else if (status === "skipped") journal.append({ event: status, entry_id, code, reason });
      else journal.append({ event: status, entry_id, stage, code, reason, raw_dir });
    }
  }

  /** What is written into the machine's last line. */
  #endFor(error: unknown): Leased["end"] {
    const { signal } = this.context;
    if (signal.aborted) return { code: "stopped", reason: reasonOf(abortReason(signal)) };
    return this.history.last ?? { code: "failed", reason: this.context.tellReason(reasonOf(error)) };
  }
}

function troubleOf(error: unknown, stage: Stage, tell: TellReason): Trouble {
  const hint = error instanceof UserError ? tell(error.hint) : null;
  return { code: codeOf(error), stage, reason: tell(messageOf(error)), hint };
}

function inFull({ reason, hint }: Trouble): string {
  return hint === null ? reason : `${reason}. ${hint}`;
}

function nameOf(entries: readonly Entry[], { id }: Lease): string {
  return entries.length === 1 ? entries[0]?.id ?? id : `${id} (${entries.length} entries)`;
}

function inWords({ entries, machine }: Decision, { code }: Trouble): string {
  if (entries === "over") return FAILURES[code].status;
  return machine === "stay" ? "trying again" : "trying elsewhere";
}
