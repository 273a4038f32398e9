// What all runs of a root tell: the machines they had, and the offers that let them down.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { exists } from "../lib/files.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import { badMemories, type BadMemory } from "../plan/pick.ts";
import { finalIds } from "../schema/fold.ts";
import { foldMachines, type MachineRecord, mayExist } from "../schema/machine.ts";
import { entriesOfRun } from "./close.ts";
import { begunRuns, readBook, readRun, runIds } from "./journal.ts";

/** The machines of one run. */
export interface RunMachines {
  readonly run_id: string;
  readonly machines: readonly MachineRecord[];
}

/** What changed longer ago tells nothing of hosts and prices of today, ms. */
const REMEMBERED_MS = 90 * 86_400_000;

/** The machines of every run; those whose file changed after `since` (ms since 1970) alone. What cannot be read of a journal is told and left out. */
export async function machinesOfRuns(paths: Paths, log: Log, since = 0): Promise<RunMachines[]> {
  const result: RunMachines[] = [];
  for (const run_id of await runIds(paths.runs)) {
    const run_dir = join(paths.runs, run_id);
    const changed = (await Deno.stat(join(run_dir, "machines.jsonl")).catch(() => null))?.mtime?.getTime() ??
      -1;
    if (changed < since) continue;
    try {
      result.push({ run_id, machines: foldMachines(await readBook(run_dir, log.warn)) });
    } catch (error) {
      log.warn(messageOf(error));
    }
  }
  return result;
}

/** The machines of the runs that a new one can learn from. */
export function recentMachines(paths: Paths, log: Log, now: number): Promise<RunMachines[]> {
  return machinesOfRuns(paths, log, now - REMEMBERED_MS);
}

/** Offers that let these runs down. */
export function memoriesOf(runs: readonly RunMachines[]): BadMemory[] {
  return runs.flatMap(({ machines }) => badMemories(machines));
}

/** Machines of these runs that were looked at in their first minutes. */
export function canariesOf(runs: readonly RunMachines[]): MachineRecord[] {
  return runs.flatMap(({ machines }) => machines.filter(({ canary }) => canary !== null));
}

/** Runs that did not come to their end: with a machine that may exist, an entry without a last state, or a key. A damaged journal is told and left out. */
export async function openRuns(paths: Paths, log: Log): Promise<string[]> {
  const open: string[] = [];
  for (const run_id of await begunRuns(paths.runs)) {
    const run_dir = join(paths.runs, run_id);
    try {
      const { lines, machines } = await readRun(run_dir, log.warn);
      const final = finalIds(lines);
      const isOpen = foldMachines(machines).some(mayExist) || await exists(join(run_dir, "ssh")) ||
        entriesOfRun(lines).some(({ id }) => !final.has(id));
      if (isOpen) open.push(run_id);
    } catch (error) {
      log.warn(messageOf(error));
    }
  }
  return open;
}
