// Directories that are not in the tables: each is noted down with its reason, and tried again when anything in it changes.
import { join } from "node:path";
import { type Database, quote } from "../lib/duckdb.ts";
import { visible } from "../schema/plain_text.ts";
import { type BuiltSource, builtSources, type Source } from "./changes.ts";
import { stateOf } from "./intact.ts";
import type { RawDirectory } from "./scan.ts";

/** The directories of each run. Of one that was left out any file may have been mended since: its state stands for all of them. */
export function knownState(
  runs: ReadonlyMap<string, readonly RawDirectory[]>,
  built: readonly BuiltSource[],
): Map<string, readonly Source[]> {
  const left = new Set(built.filter(({ left_out }) => left_out !== null).map(keyOf));
  const state = (directory: RawDirectory) =>
    left.has(keyOf(directory)) ? { ...directory, seal: stateOf(directory) } : directory;
  return new Map([...runs].map(([run_id, directories]) => [run_id, directories.map(state)]));
}

function keyOf({ run_id, entry_id }: { readonly run_id: string; readonly entry_id: string }): string {
  return `${run_id}/${entry_id}`;
}

/** Why a directory was left out before; null when it was not, or when anything in it has changed since. */
export function knownFault(directory: RawDirectory, built: readonly BuiltSource[]): string | null {
  const before = built.find(({ left_out, run_id, entry_id }) =>
    left_out !== null && run_id === directory.run_id && entry_id === directory.entry_id
  );
  return before === undefined || before.seal !== stateOf(directory) ? null : before.left_out;
}

/** Notes a directory down that is not in the tables, so that the next build need not try it again. */
export async function leaveOut(db: Database, directory: RawDirectory, reason: string): Promise<void> {
  const { run_id, entry_id } = directory;
  const row = { run_id, entry_id, seal: stateOf(directory), left_out: visible(reason) };
  const columns = Object.entries(row).map(([name, value]) => `${quote(value)} AS ${name}`);
  await db.run(`INSERT INTO sources BY NAME SELECT ${columns.join(", ")}`);
}

/** One sentence for each directory that is not in the tables, now or since an earlier build. */
export async function leftOut(db: Database, raw: string): Promise<string[]> {
  const sources = (await builtSources(db)).filter(({ left_out }) => left_out !== null);
  return sources.map((source) => `${join(raw, keyOf(source))} is left out: ${source.left_out}`).sort();
}
