// The manifest of all runs: the fold of every journal.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { type Database } from "../lib/duckdb.ts";
import { readLines } from "../lib/line_file.ts";
import { foldRun } from "../schema/fold.ts";
import { MachineEvent } from "../schema/machine.ts";
import { JournalLine, type ManifestRow } from "../schema/manifest.ts";

/** Folds the journals below `runs`, in the order of their names; a journal that cannot be read is a notice. */
export async function readManifest(runs: string): Promise<{ rows: ManifestRow[]; notices: string[] }> {
  const rows: ManifestRow[] = [];
  const notices: string[] = [];
  for (const run of await runNames(runs)) {
    const path = join(runs, run, "journal.jsonl");
    try {
      rows.push(...foldRun(
        await readLines(path, JournalLine),
        await readLines(join(runs, run, "machines.jsonl"), MachineEvent).catch(noneYet),
        Date.now(),
      ));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      notices.push(`${path} is left out of the manifest: ${messageOf(error)}`);
    }
  }
  return { rows, notices };
}

/** Replaces the manifest table. */
export async function writeManifest(db: Database, rows: readonly ManifestRow[]): Promise<void> {
  await db.set("manifest", JSON.stringify(rows));
  await db.runFile("85_manifest.sql");
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
