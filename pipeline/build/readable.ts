// A batch is built without what the database cannot read of it: the batch is halved until each directory that fails stands alone.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import type { Catalog } from "../lib/catalog.ts";
import type { Database } from "../lib/duckdb.ts";
import { withoutHomes } from "../schema/local_paths.ts";
import { cutText } from "../schema/text.ts";
import { buildBatch, DATASETS, UnreadableError } from "./batch.ts";
import { forget } from "./changes.ts";
import type { SealedDirectory } from "./scan.ts";

/** A directory that cannot be built, and why. */
export interface LeftOut {
  readonly directory: SealedDirectory;
  readonly reason: string;
}

/** What DuckDB says of data that it cannot take; all else that fails is the program's or the machine's fault. */
const OF_THE_DATA = /^(Invalid Input|Conversion|Out of Range|Out of Memory|Constraint|Mismatch Type) Error:/;

const LONGEST_REASON = 300;

/** Builds what can be built of `batch` and tells of the rest. */
export async function buildReadable(
  db: Database,
  batch: readonly SealedDirectory[],
  out: string,
  catalog: Catalog,
): Promise<{ notices: string[]; left: LeftOut[] }> {
  const failure = await failureOf(db, batch, out, catalog);
  if (!(failure instanceof Error)) return { notices: failure, left: [] };
  const tries = join(out, ".tries");
  const left = await failing(db, batch, failure, tries, catalog);
  await Deno.remove(tries, { recursive: true }).catch(() => undefined);
  const unreadable = new Set(left.map(({ directory }) => directory));
  const rest = batch.filter((directory) => !unreadable.has(directory));
  return { notices: rest.length === 0 ? [] : await buildBatch(db, rest, out, catalog), left };
}

/** The directories of `batch` that fail by themselves, when all of it failed with `failure`. */
async function failing(
  db: Database,
  batch: readonly SealedDirectory[],
  failure: Error,
  tries: string,
  catalog: Catalog,
): Promise<LeftOut[]> {
  const [directory, ...others] = batch;
  if (directory === undefined) return [];
  if (others.length === 0) return [{ directory, reason: inWords(failure, directory, tries) }];
  const middle = Math.ceil(batch.length / 2);
  const left: LeftOut[] = [];
  for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
    const found = await failureOf(db, half, tries, catalog);
    if (found instanceof Error) left.push(...await failing(db, half, found, tries, catalog));
    else await forget(db, runsOf(half));
  }
  return left;
}

/** The notices of a batch that was built, or why its data cannot be; nothing of it stays then. */
async function failureOf(
  db: Database,
  batch: readonly SealedDirectory[],
  out: string,
  catalog: Catalog,
): Promise<string[] | Error> {
  try {
    return await buildBatch(db, batch, out, catalog);
  } catch (error) {
    if (!isOfTheData(error)) throw error;
    await forget(db, runsOf(batch));
    for (const dataset of DATASETS) {
      await Deno.remove(join(out, dataset, `${batch[0]?.run_id}.parquet`)).catch(() => undefined);
    }
    return error;
  }
}

/** What the database says, without the folders of this computer. */
function inWords(failure: Error, { path, run_id, entry_id }: SealedDirectory, tries: string): string {
  const said = messageOf(failure).split("\n").filter((line) => line.trim() !== "").slice(0, 3).join(" ");
  const folders = [path, join(tries, ".usable", run_id, entry_id)];
  return cutText(
    withoutHomes(folders.reduce((text, folder) => text.replaceAll(`${folder}/`, ""), said)),
    LONGEST_REASON,
  );
}

function isOfTheData(error: unknown): error is Error {
  return error instanceof UnreadableError || error instanceof Error && OF_THE_DATA.test(error.message);
}

function runsOf(batch: readonly SealedDirectory[]): string[] {
  return [...new Set(batch.map(({ run_id }) => run_id))];
}
