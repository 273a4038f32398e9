// What all runs of a root tell: the machines they had, and the offers that let them down a short while ago.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { exists } from "../lib/files.ts";
import { readLines } from "../lib/line_file.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import { badMemories, type BadMemory, FORGOTTEN_MS } from "../plan/pick.ts";
import { finalIds } from "../schema/fold.ts";
import { foldMachines, MachineEvent, type MachineRecord, mayExist } from "../schema/machine.ts";
import { entriesOfRun } from "./close.ts";
import { readRun, runIds } from "./journal.ts";

/** The machines of one run. */
export interface RunMachines {
  readonly run_id: string;
  readonly machines: readonly MachineRecord[];
}

/** The machines of every run; those whose file changed after `since` (ms since 1970) alone. A damaged journal is told and left out. */
export async function machinesOfRuns(paths: Paths, log: Log, since = 0): Promise<RunMachines[]> {
  const result: RunMachines[] = [];
  for (const run_id of await runIds(paths.runs)) {
    const path = join(paths.runs, run_id, "machines.jsonl");
    const changed = (await Deno.stat(path).catch(() => null))?.mtime?.getTime() ?? -1;
    if (changed < since) continue;
    try {
      result.push({ run_id, machines: foldMachines(await readLines(path, MachineEvent)) });
    } catch (error) {
      log.warn(messageOf(error));
    }
  }
  return result;
}

/** Offers that let any run of this root down within the last hour. */
export async function recentMemories(paths: Paths, log: Log, now: number): Promise<BadMemory[]> {
  const runs = await machinesOfRuns(paths, log, now - FORGOTTEN_MS);
  return runs.flatMap(({ machines }) => badMemories(machines));
}

/** Machines of all runs of this root that were looked at in their first minutes. */
export async function canariesOf(paths: Paths, log: Log): Promise<MachineRecord[]> {
  const runs = await machinesOfRuns(paths, log);
  return runs.flatMap(({ machines }) => machines.filter(({ canary }) => canary !== null));
}

/** Runs that did not come to their end: with a machine that may exist, an entry without a last state, or a key. A damaged journal is told and left out. */
export async function openRuns(paths: Paths, log: Log): Promise<string[]> {
  const open: string[] = [];
  for (const run_id of await runIds(paths.runs)) {
    const run_dir = join(paths.runs, run_id);
    if (!await exists(join(run_dir, "journal.jsonl"))) continue;
    try {
      const { lines, machines } = await readRun(run_dir);
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
