// Directories that are not in the tables: each is noted down with its reason, and tried again when anything in it changes.
import { join } from "node:path";
import { type Database, quote } from "../lib/duckdb.ts";
import { visible } from "../schema/plain_text.ts";
import { type BuiltSource, builtSources, type Source } from "./changes.ts";
import type { RawDirectory } from "./scan.ts";
import { nameOf, type Seen } from "./seen.ts";

/** The seal of no directory. */
const CHANGED = "";

/** The directories of each run, with another seal where it has to be read again: one that was left out when anything in it changed, one that was built when it is no longer what was sealed. */
export function knownState(
  runs: ReadonlyMap<string, readonly RawDirectory[]>,
  built: readonly BuiltSource[],
  seen: Seen,
): Map<string, readonly Source[]> {
  const before = new Map(built.map((source) => [nameOf(source), source]));
  const state = (directory: RawDirectory): Source => {
    const source = before.get(nameOf(directory));
    if (source === undefined) return directory;
    if (source.left_out !== null) return { ...directory, seal: seen.stateOf(directory) };
    const isWhole = source.seal !== directory.seal || seen.isAsBefore(directory) ||
      seen.isIntact(directory);
    return isWhole ? directory : { ...directory, seal: CHANGED };
  };
  return new Map([...runs].map(([run_id, directories]) => [run_id, directories.map(state)]));
}

/** Whether a directory is what was sealed, and was not left out for another reason. */
export function isWhole(directory: RawDirectory, built: readonly BuiltSource[], seen: Seen): boolean {
  const before = sourceOf(directory, built);
  if (before !== undefined && before.left_out === null && seen.isAsBefore(directory)) return true;
  return seen.isIntact(directory);
}

/** Why a directory was left out before; null when it was not, or when anything in it has changed since. */
export function knownFault(
  directory: RawDirectory,
  built: readonly BuiltSource[],
  seen: Seen,
): string | null {
  const before = sourceOf(directory, built);
  return before === undefined || before.seal !== seen.stateOf(directory) ? null : before.left_out;
}

function sourceOf(
  { run_id, entry_id }: RawDirectory,
  built: readonly BuiltSource[],
): BuiltSource | undefined {
  return built.find((source) => source.run_id === run_id && source.entry_id === entry_id);
}

/** Notes a directory down that is not in the tables, so that the next build need not try it again. */
export async function leaveOut(
  db: Database,
  directory: RawDirectory,
  reason: string,
  seen: Seen,
): Promise<void> {
  const { run_id, entry_id } = directory;
  const row = { run_id, entry_id, seal: seen.stateOf(directory), left_out: visible(reason) };
  const columns = Object.entries(row).map(([name, value]) => `${quote(value)} AS ${name}`);
  await db.run(`INSERT INTO sources BY NAME SELECT ${columns.join(", ")}`);
}

/** One sentence for each directory that is not in the tables, now or since an earlier build. */
export async function leftOut(db: Database, raw: string): Promise<string[]> {
  const sources = (await builtSources(db)).filter(({ left_out }) => left_out !== null);
  return sources.map((source) => `${join(raw, nameOf(source))} is left out: ${source.left_out}`).sort();
}
