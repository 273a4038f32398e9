// The manifest and the machines of all runs: the fold of every journal.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { type Database } from "../lib/duckdb.ts";
import { readLines } from "../lib/line_file.ts";
import { foldRun } from "../schema/fold.ts";
import { MachineEvent } from "../schema/machine.ts";
import { JournalLine, type ManifestRow } from "../schema/manifest.ts";
import { wellFormedJson } from "../schema/text.ts";
import { type MachineRow, machineRows } from "./machines.ts";

/** What the journals of all runs tell. */
export interface Journals {
  readonly rows: readonly ManifestRow[];
  readonly machines: readonly MachineRow[];
  readonly notices: readonly string[];
}

/** Folds the journals below `runs`, in the order of their names; a journal that cannot be read is a notice. */
export async function readManifest(runs: string): Promise<Journals> {
  const rows: ManifestRow[] = [];
  const machines: MachineRow[] = [];
  const notices: string[] = [];
  for (const run of await runNames(runs)) {
    const path = join(runs, run, "journal.jsonl");
    try {
      const lines = await readLines(path, JournalLine);
      const events = await readLines(join(runs, run, "machines.jsonl"), MachineEvent).catch(noneYet);
      const now = Date.now();
      const told = machineRows(run, lines, events, now);
      rows.push(...foldRun(lines, events, now));
      machines.push(...told);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      notices.push(`${path} is left out of the manifest: ${messageOf(error)}`);
    }
  }
  return { rows, machines, notices };
}

/** Replaces the tables of entries and of machines. */
export async function writeManifest(db: Database, { rows, machines }: Journals): Promise<void> {
  await db.set("manifest", wellFormedJson(rows));
  await db.runFile("85_manifest.sql");
  await db.set("machines", wellFormedJson(machines));
  await db.runFile("86_machines.sql");
}

function noneYet(error: unknown): never[] {
  if (error instanceof Deno.errors.NotFound) return [];
  throw error;
}

async function runNames(runs: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const item of Deno.readDir(runs)) if (item.isDirectory) names.push(item.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
