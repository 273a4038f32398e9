// Runs become tables, batch by batch, without what cannot be read of them.
import { setImmediate } from "node:timers/promises";
import type { Catalog } from "../lib/catalog.ts";
import type { Database } from "../lib/duckdb.ts";
import { batches } from "./batch.ts";
import type { BuiltSource } from "./changes.ts";
import { knownFault, leaveOut } from "./left_out.ts";
import { buildReadable, type Built, type LeftOut, takeBack } from "./readable.ts";
import type { RawDirectory, SealedDirectory } from "./scan.ts";
import type { Seen } from "./seen.ts";

/** Requests and chunk times held in memory at once, in bytes of JSON. */
const BATCH_BYTES = 512 * 2 ** 20;

/** Builds whole runs but for the directories that cannot be, which are noted down; `built` is what the last build had. Returns notices. */
export async function buildRuns(
  db: Database,
  runs: readonly (readonly RawDirectory[])[],
  built: readonly BuiltSource[],
  seen: Seen,
  staged: string,
  catalog: Catalog,
): Promise<string[]> {
  const notices: string[] = [];
  const whole: SealedDirectory[][] = [];
  const left: { directory: RawDirectory; reason: string }[] = [];
  const raw = new Map(runs.flat().map((directory) => [directory.path, directory]));
  for (const run of runs) {
    const sealed: SealedDirectory[] = [];
    for (const directory of run) {
      const known = knownFault(directory, built, seen);
      const found = known === null ? seen.readSeal(directory) : { reason: known };
      if ("sealed" in found) sealed.push(found.sealed);
      else left.push({ directory, reason: found.reason });
    }
    if (sealed.length > 0) whole.push(sealed);
  }
  for (const batch of batches(whole, BATCH_BYTES)) {
    const made = await buildUnchanged(db, batch, seen, staged, catalog);
    notices.push(...made.notices);
    for (const { directory, reason } of made.left) {
      const unread = raw.get(directory.path);
      if (unread !== undefined) left.push({ directory: unread, reason });
    }
  }
  // Last, since a batch that fails takes all with it that is known of its runs.
  for (const { directory, reason } of left) await leaveOut(db, directory, reason, seen);
  return notices;
}

/** Builds a batch while the digests of its files are made. Where some were changed, all is taken back and built again without those directories. */
async function buildUnchanged(
  db: Database,
  batch: readonly SealedDirectory[],
  seen: Seen,
  staged: string,
  catalog: Catalog,
): Promise<Built> {
  const [built, changed] = await Promise.all([
    buildReadable(db, batch, staged, catalog).catch((error: Error) => error),
    changedIn(batch, seen),
  ]);
  if (changed.length === 0) {
    if (built instanceof Error) throw built;
    return built;
  }
  await takeBack(db, batch, staged);
  const left = new Set(changed.map(({ directory }) => directory));
  const others = await buildReadable(db, batch.filter((directory) => !left.has(directory)), staged, catalog);
  return { notices: others.notices, left: [...changed, ...others.left] };
}

/** The directories with a changed file. Between two of them the database is answered. */
async function changedIn(batch: readonly SealedDirectory[], seen: Seen): Promise<LeftOut[]> {
  const left: LeftOut[] = [];
  for (const directory of batch) {
    const reason = seen.changedFile(directory);
    if (reason !== null) left.push({ directory, reason });
    await setImmediate();
  }
  return left;
}
