// Runs become tables, batch by batch, without what cannot be read of them.
import type { Catalog } from "../lib/catalog.ts";
import type { Database } from "../lib/duckdb.ts";
import { batches } from "./batch.ts";
import { intact } from "./intact.ts";
import type { BuiltSource } from "./changes.ts";
import { knownFault, leaveOut } from "./left_out.ts";
import { buildReadable } from "./readable.ts";
import type { RawDirectory, SealedDirectory } from "./scan.ts";

/** Requests and chunk times held in memory at once, in bytes of JSON. */
const BATCH_BYTES = 512 * 2 ** 20;

/** Builds whole runs but for the directories that cannot be, which are noted down; `built` is what the last build had. Returns notices. */
export async function buildRuns(
  db: Database,
  runs: readonly (readonly RawDirectory[])[],
  built: readonly BuiltSource[],
  staged: string,
  catalog: Catalog,
): Promise<string[]> {
  const notices: string[] = [];
  const whole: SealedDirectory[][] = [];
  const raw = new Map(runs.flat().map((directory) => [directory.path, directory]));
  for (const run of runs) {
    const sealed: SealedDirectory[] = [];
    for (const directory of run) {
      const known = knownFault(directory, built);
      const found = known === null ? intact(directory) : { reason: known };
      if ("sealed" in found) sealed.push(found.sealed);
      else await leaveOut(db, directory, found.reason);
    }
    if (sealed.length > 0) whole.push(sealed);
  }
  for (const batch of batches(whole, BATCH_BYTES)) {
    const { notices: told, left } = await buildReadable(db, batch, staged, catalog);
    notices.push(...told);
    for (const { directory, reason } of left) {
      const unread = raw.get(directory.path);
      if (unread !== undefined) await leaveOut(db, unread, reason);
    }
  }
  return notices;
}
