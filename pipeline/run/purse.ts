// Money and time of a run: what was spent, what leases may still cost, and the end of both as one abort signal.
import type { Fleet } from "../fleet/mod.ts";
import type { Clock } from "../lib/clock.ts";
import { costOfRun } from "../schema/fold.ts";
import { Failure } from "../schema/failures.ts";
import { type Cost, costOf } from "../schema/ledger.ts";
import type { Journal } from "./journal.ts";

export interface Limits {
  readonly max_usd: number | null;
  readonly max_hours: number | null;
}

const LOOK_SECONDS = 5;
/** To end a machine takes up to so long, and it costs until then. */
const ENDING_SECONDS = 120;

export class Purse {
  readonly #stop = new AbortController();
  /** By lease: what it was promised, and what it had cost before that. */
  readonly #promised = new Map<string, { readonly usd: number; readonly before: number }>();
  readonly #until: number;

  constructor(
    readonly limits: Limits,
    readonly fleet: Fleet,
    readonly journal: Journal,
    readonly clock: Clock,
  ) {
    this.#until = limits.max_hours === null ? Infinity : clock.after(limits.max_hours * 3600);
  }

  /** Aborts with the Failure over_budget or total_deadline. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** What all machines of the run have cost until now, earlier tries of a resumed run included. */
  cost(): Cost {
    return costOfRun(this.journal.lines, this.fleet.records(), this.clock.now());
  }

  /** Sets money aside for a lease; null when there is enough, else why not. */
  promise(leaseId: string, usd: number): string | null {
    const { max_usd } = this.limits;
    const spent = this.cost().usd;
    const promised = this.#unspent();
    if (max_usd !== null && spent + promised + usd > max_usd) {
      return `about $${usd.toFixed(2)} are needed; of $${max_usd.toFixed(2)} are $${
        spent.toFixed(2)
      } spent and $${promised.toFixed(2)} promised to other leases`;
    }
    this.#promised.set(leaseId, { usd, before: this.#costOf(leaseId) });
    return null;
  }

  /** The lease is over; what it cost is spent. */
  release(leaseId: string): void {
    this.#promised.delete(leaseId);
  }

  /** Looks at money and time until `end` aborts. */
  async watch(end: AbortSignal): Promise<void> {
    while (!end.aborted && !this.signal.aborted) {
      const { max_usd, max_hours } = this.limits;
      if (max_usd !== null && this.cost().usd + this.#endingUsd() >= max_usd) {
        this.#stop.abort(
          new Failure(
            "over_budget",
            `Cannot go on: $${max_usd.toFixed(2)} are spent, or needed to end the machines`,
          ),
        );
      } else if (this.clock.now() >= this.#until) {
        this.#stop.abort(
          new Failure("total_deadline", `Cannot go on: the run has had its ${max_hours} hours`),
        );
      }
      await this.clock.sleep(LOOK_SECONDS, end).catch(() => undefined);
    }
  }

  /** What was promised and is not spent yet, US dollars. */
  #unspent(): number {
    return [...this.#promised].reduce(
      (sum, [leaseId, { usd, before }]) => sum + Math.max(0, before + usd - this.#costOf(leaseId)),
      0,
    );
  }

  #costOf(leaseId: string): number {
    const now = this.clock.now();
    return this.fleet.records().filter(({ lease_id }) => lease_id === leaseId)
      .reduce((sum, machine) => sum + costOf(machine, () => true, now).usd, 0);
  }

  /** What the machines still cost when they are ended now, US dollars. */
  #endingUsd(): number {
    const perHour = this.fleet.live().reduce((sum, { offer }) => sum + (offer.price_per_hour ?? 0), 0);
    return perHour * (this.clock.after(ENDING_SECONDS) - this.clock.now()) / 3_600_000;
  }
}
