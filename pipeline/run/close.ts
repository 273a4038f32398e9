// Runs that ended without a word: what they measured is saved, their machines are ended, their entries get their last state.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { exists } from "../lib/files.ts";
import type { Paths } from "../paths.ts";
import type { Entry } from "../schema/entry.ts";
import { type FailureCode, FAILURES } from "../schema/failures.ts";
import { finalIds, foldJournal } from "../schema/fold.ts";
import type { MachineRecord } from "../schema/machine.ts";
import type { JournalLine, ManifestRow } from "../schema/manifest.ts";
import { openTry } from "./entry.ts";
import type { Journal } from "./journal.ts";
import { type OpenOptions, openRun } from "./open.ts";
import { recover } from "./recover.ts";

/** Saves, ends and closes a run; returns the machines that could not be proven gone. */
export async function closeRun(
  run_id: string,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<readonly MachineRecord[]> {
  const { paths, log } = options;
  await using run = await openRun(run_id, options);
  const { journal, fleet, run_dir } = run;
  // Whatever keeps its evidence from being saved, its machines end.
  const [saved] = await Promise.allSettled([
    recover(unfinished(journal), { paths, run_id, run_dir, log, fleet, signal, journal }, true),
  ]);
  const leftovers = await fleet.endAll("interrupted", "its run ended without a word");
  if (saved.status === "rejected") throw saved.reason;
  await fleet.reconcileCharges().catch((error) => log.warn(messageOf(error)));
  const reason = "The run ended without a word. Measure it with --resume.";
  await giveLastState(journal, run_id, paths, () => ({ code: "interrupted", reason }));
  return leftovers;
}

/** Writes down how every entry ends that is not over yet. */
export async function giveLastState(
  journal: Journal,
  run_id: string,
  paths: Paths,
  ending: (row: ManifestRow) => { code: FailureCode; reason: string },
): Promise<void> {
  const open = new Set(unfinished(journal).map(({ id }) => id));
  for (const row of foldJournal(journal.lines).filter(({ entry_id }) => open.has(entry_id))) {
    const { entry_id, stage } = row;
    const { code, reason } = ending(row);
    const raw_dir = await partialOf(entry_id, run_id, journal.lines, paths);
    const { status } = FAILURES[code];
    if (status === "skipped" && stage === null) {
      journal.append({ event: status, entry_id, code, reason });
    } else {
      const event = status === "skipped" ? "failed" : status;
      journal.append({ event, entry_id, stage: stage ?? "provision", code, reason, raw_dir });
    }
  }
}

/** Entries of a run that have no last state. */
export function unfinished({ lines }: Pick<Journal, "lines">): Entry[] {
  const final = finalIds(lines);
  return entriesOfRun(lines).filter(({ id }) => !final.has(id));
}

/** The entries that a run was begun with. */
export function entriesOfRun(lines: readonly JournalLine[]): Entry[] {
  return lines.flatMap((line) => line.event === "run" ? line.entries : []);
}

/** Where the evidence of an entry's open try was kept; null when there is none. */
async function partialOf(
  entryId: string,
  run_id: string,
  lines: readonly JournalLine[],
  { raw }: Paths,
): Promise<string | null> {
  const folder = openTry(lines, entryId)?.folder;
  return folder !== undefined && await exists(join(raw, run_id, folder)) ? `${run_id}/${folder}` : null;
}
