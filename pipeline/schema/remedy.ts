// What can be done about a failure, and the rule that each reason has.
import type { EntryStatus } from "./manifest.ts";
import type { Stage } from "./names.ts";

/**
 * What is done after a failure: the same call or step on the same machine again, another offer, one on another host, one at
 * another location, the same machine after a while since the trouble is on this side, nothing more for these entries, or nothing
 * more from this provider.
 */
export type Remedy =
  | "same_machine"
  | "other_offer"
  | "other_host"
  | "other_location"
  | "this_side"
  | "none"
  | "leave_provider";

export interface FailureRule {
  /** Stage at which it is seen; null: at any. */
  readonly stage: Stage | null;
  /** State of the entries once the remedy is used up. */
  readonly status: Extract<EntryStatus, "failed" | "timeout" | "skipped">;
  readonly remedy: Remedy;
  /** How often the remedy is tried for the same entries. */
  readonly times: number;
  /** How it is seen. */
  readonly seen: string;
  /** What the user can do when the remedy did not help. */
  readonly hint: string;
}

/** The rule of an entry that failed. */
export const failed = (
  stage: Stage | null,
  remedy: Remedy,
  times: number,
  seen: string,
  hint: string,
): FailureRule => ({ stage, status: "failed", remedy, times, seen, hint });

/** The rule of an entry that was never begun. */
export const skipped = (seen: string, hint: string): FailureRule => ({
  stage: "provision",
  status: "skipped",
  remedy: "none",
  times: 0,
  seen,
  hint,
});
