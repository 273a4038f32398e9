// The journals of a run: what became of its entries, and of its machines. Its state is their fold.
import { join } from "node:path";
import { LineFile, readLines } from "../lib/line_file.ts";
import { foldRun } from "../schema/fold.ts";
import { MachineEvent } from "../schema/machine.ts";
import { JournalLine, type ManifestRow } from "../schema/manifest.ts";

export type Journal = LineFile<JournalLine>;
export type MachineBook = LineFile<MachineEvent>;

/** Opens the journal of entries in `runDir` for appending. */
export function openJournal(runDir: string): Promise<Journal> {
  return LineFile.open(journalPath(runDir), JournalLine);
}

/** Opens the journal of machines in `runDir` for appending. */
export function openBook(runDir: string): Promise<MachineBook> {
  return LineFile.open(bookPath(runDir), MachineEvent);
}

/** What both journals of a run say; NotFound when there is no such run. */
export async function readRun(
  runDir: string,
): Promise<{ lines: JournalLine[]; machines: MachineEvent[]; rows: ManifestRow[] }> {
  const lines = await readLines(journalPath(runDir), JournalLine);
  const machines = await readLines(bookPath(runDir), MachineEvent).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  return { lines, machines, rows: foldRun(lines, machines, Date.now()) };
}

function journalPath(runDir: string): string {
  return join(runDir, "journal.jsonl");
}

function bookPath(runDir: string): string {
  return join(runDir, "machines.jsonl");
}
