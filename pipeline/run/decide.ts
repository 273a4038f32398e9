// PURE. What follows from a failure: the table's remedy, as long as it was not tried too often.
import { type FailureCode, FAILURES } from "../schema/failures.ts";
import type { Stage } from "../schema/names.ts";
import type { FailureRule } from "../schema/remedy.ts";

export interface Decision {
  /** Whether its entries are tried again, or are over. */
  readonly entries: "again" | "over";
  /** Whether the machine is kept. */
  readonly machine: "stay" | "leave";
}

/** Whom a failure is about: all that is left of the lease, the entries of the sitting, or the entry alone. */
export type Scope = "lease" | "sitting" | "entry";

const SCOPES: Record<Stage, Scope> = {
  provision: "lease",
  setup: "lease",
  load: "sitting",
  benchmark: "entry",
  collect: "entry",
};
/** Failures of a setup that are the engine's, not the machine's. */
const OF_ENGINE: readonly FailureCode[] = [
  "install_failed",
  "engine_missing",
  "engine_not_answering",
  "failed",
];

export function scopeOf(stage: Stage, code: FailureCode): Scope {
  return stage === "setup" && OF_ENGINE.includes(code) ? "sitting" : SCOPES[stage];
}

/** What to do after the nth such failure (from 1) of the same entries; `rented`: there may be another machine. */
export function decide(code: FailureCode, nth: number, rented: boolean): Decision {
  const { remedy, times }: FailureRule = FAILURES[code];
  switch (remedy) {
    case "none":
      return { entries: "over", machine: code === "lease_deadline" ? "leave" : "stay" };
    case "leave_provider":
      return { entries: "over", machine: "leave" };
    case "this_side":
      return { entries: nth <= times ? "again" : "over", machine: "stay" };
    case "same_machine":
      if (nth <= times) return { entries: "again", machine: "stay" };
      return rented && nth <= times + 1
        ? { entries: "again", machine: "leave" }
        : { entries: "over", machine: "stay" };
    default:
      return { entries: nth <= times ? "again" : "over", machine: "leave" };
  }
}

/** Counts failures by code and by whom they are about. */
export class Tries {
  readonly #counts = new Map<string, number>();

  /** One more; returns which one it was. */
  next(code: FailureCode, about: readonly string[]): number {
    const key = `${code} ${about.join(" ")}`;
    const nth = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, nth);
    return nth;
  }
}
