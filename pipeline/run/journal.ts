// The journals of a run: what became of its entries, and of its machines. Its state is their fold.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { exists } from "../lib/files.ts";
import { LineFile, readLines } from "../lib/line_file.ts";
import { isRunId } from "../lib/run_id.ts";
import { foldRun } from "../schema/fold.ts";
import { MachineEvent, machineHistory } from "../schema/machine.ts";
import { JournalLine, type ManifestRow } from "../schema/manifest.ts";

export type Journal = LineFile<JournalLine>;
export type MachineBook = LineFile<MachineEvent>;

/** Told of lines of a journal that are left out. */
export type Warn = (message: string) => void;

/** Opens the journal of entries in `runDir` for appending. */
export function openJournal(runDir: string, warn: Warn): Promise<Journal> {
  return LineFile.open(journalPath(runDir), JournalLine, { warn });
}

/** Opens the journal of machines in `runDir` for appending. */
export function openBook(runDir: string, warn: Warn): Promise<MachineBook> {
  return LineFile.open(bookPath(runDir), MachineEvent, { warn, admit: machineHistory() });
}

/** What the journal of machines in `runDir` says; NotFound when there is none. */
export function readBook(runDir: string, warn: Warn): Promise<MachineEvent[]> {
  return readLines(bookPath(runDir), MachineEvent, { warn, admit: machineHistory() });
}

/** What both journals of a run say; NotFound when there is no such run. */
export async function readRun(
  runDir: string,
  warn: Warn,
): Promise<{ lines: JournalLine[]; machines: MachineEvent[]; rows: ManifestRow[] }> {
  const lines = await readLines(journalPath(runDir), JournalLine, { warn });
  const machines = await readBook(runDir, warn).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  return { lines, machines, rows: foldRun(lines, machines, Date.now()) };
}

/** The same for a run that somebody named; a UserError with the known ones when there is no such run. */
export async function readNamedRun(act: "show" | "resume", run_id: string, runs: string, warn: Warn) {
  if (await exists(journalPath(join(runs, run_id)))) return await readRun(join(runs, run_id), warn);
  const newest = (await begunRuns(runs)).reverse().slice(0, 5);
  throw new UserError(
    `Cannot ${act} run ${run_id}: there is no such run in ${runs}`,
    newest.length === 0
      ? "Start one with `deno task run-matrix`."
      : `Known runs, newest first: ${newest.join(", ")}.`,
    { exitCode: 2 },
  );
}

/** Ids of all runs, oldest first. */
export async function runIds(runs: string): Promise<string[]> {
  if (!await exists(runs)) return [];
  const items = await Array.fromAsync(Deno.readDir(runs));
  return items.filter(({ isDirectory, name }) => isDirectory && isRunId(name)).map(({ name }) => name).sort();
}

/** Ids of the runs that have a journal, oldest first; one that begins has none for a moment. */
export async function begunRuns(runs: string): Promise<string[]> {
  const ids = await runIds(runs);
  const begun = await Promise.all(ids.map((id) => exists(journalPath(join(runs, id)))));
  return ids.filter((_id, index) => begun[index]);
}

function journalPath(runDir: string): string {
  return join(runDir, "journal.jsonl");
}

function bookPath(runDir: string): string {
  return join(runDir, "machines.jsonl");
}
