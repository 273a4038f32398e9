// The books of a run's machines: what was written down of each, and what could not be written yet.
import type { Clock } from "../lib/clock.ts";
import type { LineFile } from "../lib/line_file.ts";
import { Failure } from "../schema/failures.ts";
import { applyEvent, canFollow, type MachineEvent, type MachineRecord, mayExist } from "../schema/machine.ts";
import type { TellReason } from "../schema/reason.ts";

/** A line that is to be written. */
export type Note = Parameters<LineFile<MachineEvent>["append"]>[0];

export interface LedgerOptions {
  readonly run_id: string;
  readonly book: LineFile<MachineEvent>;
  readonly clock: Clock;
  /** How reasons of failures are written down. */
  readonly tellReason: TellReason;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #records = new Map<string, MachineRecord>();
  /** Lines for which the disk had no room. */
  readonly #owed: Note[] = [];

  constructor(options: LedgerOptions) {
    this.#options = options;
    for (const event of options.book.lines) applyEvent(this.#records, event);
  }

  /** All machines of the run, oldest first. */
  records(): MachineRecord[] {
    return [...this.#records.values()];
  }

  record(machineId: string): MachineRecord {
    const record = this.#records.get(machineId);
    if (record === undefined) throw new TypeError(`there is no machine ${machineId}`);
    return record;
  }

  /** Machines that may exist. */
  live(): MachineRecord[] {
    return this.records().filter(mayExist);
  }

  /** The name of the next machine. */
  nextId(): string {
    return `${this.#options.run_id}-${this.#records.size + 1}`;
  }

  /**
   * Nothing is written down that cannot be: the machine may have ended meanwhile. What a create has made is known even where
   * it cannot be written, on a full disk, so that it can be ended; it is written before the next line for which there is room.
   */
  append(told: Note): void {
    const { book, clock, tellReason } = this.#options;
    const event = "reason" in told ? { ...told, reason: tellReason(told.reason) } : told;
    this.#requirePossible(event);
    try {
      for (; this.#owed[0] !== undefined; this.#owed.shift()) book.append(this.#owed[0]);
      applyEvent(this.#records, book.append(event));
    } catch (error) {
      if (event.event === "requested" || event.event === "unknown") {
        this.#owed.push(event);
        applyEvent(this.#records, { ...event, at: new Date(clock.now()).toISOString() });
      }
      throw error;
    }
  }

  #requirePossible({ machine_id, event }: Note): void {
    if (canFollow(this.#records.get(machine_id), event)) return;
    const { state } = this.record(machine_id);
    throw new Failure(
      "machine_vanished",
      `Cannot go on with ${machine_id}: it is ${state} and cannot be ${event}`,
    );
  }
}
