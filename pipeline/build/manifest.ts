// The manifest and the machines of all runs: the fold of every journal.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { type Database } from "../lib/duckdb.ts";
import { readLines } from "../lib/line_file.ts";
import { foldRun } from "../schema/fold.ts";
import { pathRemover, withoutHomes } from "../schema/local_paths.ts";
import { MachineEvent, machineHistory } from "../schema/machine.ts";
import { JournalLine, type ManifestRow } from "../schema/manifest.ts";
import { mapTexts, wellFormedJson } from "../schema/text.ts";
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
  const warn = (message: string) => void notices.push(message);
  for (const run of await runNames(runs)) {
    const path = join(runs, run, "journal.jsonl");
    try {
      const lines = await readLines(path, JournalLine, { warn });
      const book = join(runs, run, "machines.jsonl");
      const events = await readLines(book, MachineEvent, { warn, admit: machineHistory() }).catch(noneYet);
      const now = Date.now();
      const told = machineRows(run, lines, events, now);
      const remove = removerOf(lines);
      rows.push(...foldRun(lines, events, now).map((row) => mapTexts(row, remove)));
      machines.push(...told.map((row) => mapTexts(row, remove)));
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

/** What takes the paths of a run's models, and every home, out of what is published of it. */
function removerOf(lines: readonly JournalLine[]): (text: string) => string {
  const models = lines.flatMap((line) => line.event === "run" ? line.entries.map(({ model }) => model) : []);
  const removers = [...new Set(models)].map((model) => pathRemover(model, null));
  return (text) => removers.reduce((left, remove) => remove(left), withoutHomes(text));
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
