// PURE. What is to be done about a machine that an account shows.
import type { Sighting } from "../providers/provider.ts";
import type { MachineRecord } from "../schema/machine.ts";
import { readLabel } from "./label.ts";

/**
 * foreign: not ours, never touched. wanted: a run works with it. overdue: past its deadline. unwanted: it should be gone.
 * young: ours and unknown, but perhaps just being made. orphan: ours and nobody's.
 */
export type Judgement = "foreign" | "wanted" | "overdue" | "unwanted" | "young" | "orphan";

/** An unknown machine younger than this may belong to a create whose answer is still on its way, seconds. */
export const GRACE_SECONDS = 600;

export interface Court {
  /** The deployment whose machines are ours. */
  readonly prefix: string;
  /** Every machine that any journal of this root tells of. */
  readonly records: readonly MachineRecord[];
  /** Whether a run that lives wants this machine. */
  readonly isWanted: (record: MachineRecord) => boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds for which an unknown machine is left alone. */
  readonly grace_ms: number;
}

/** Judges one machine of an account. */
export function judge(sighting: Pick<Sighting, "id" | "label">, court: Court): Judgement {
  const label = readLabel(sighting.label);
  if (label === null || label.prefix !== court.prefix) return "foreign";
  const record = court.records.find((each) => each.label === sighting.label);
  if (record === undefined) {
    return court.now - label.created * 1000 < court.grace_ms ? "young" : "orphan";
  }
  if (["gone", "not_created", "destroying"].includes(record.state)) return "unwanted";
  // Its create was sent once and arrived twice.
  if (record.provider_id !== null && record.provider_id !== sighting.id) return "orphan";
  if (record.deadline <= court.now) return "overdue";
  return court.isWanted(record) ? "wanted" : "unwanted";
}
