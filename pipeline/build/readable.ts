// A batch is built without what the database cannot read of it: the batch is halved until each directory that fails stands alone.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import type { Catalog } from "../lib/catalog.ts";
import type { Database } from "../lib/duckdb.ts";
import { withoutHomes } from "../schema/local_paths.ts";
import { cutText } from "../schema/text.ts";
import { buildBatch, DATASETS, UnreadableError } from "./batch.ts";
import { forgetBatch } from "./changes.ts";
import type { SealedDirectory } from "./scan.ts";

/** What came of a batch: its notices, and the directories that are not in the tables. */
export interface Built {
  readonly notices: string[];
  readonly left: LeftOut[];
}

/** A directory that cannot be built, and why. */
export interface LeftOut {
  readonly directory: SealedDirectory;
  readonly reason: string;
}

/** What DuckDB says of data that it cannot take; all else that fails is the program's or the machine's fault. */
const OF_THE_DATA = /^(Invalid Input|Conversion|Out of Range|Out of Memory|Constraint|Mismatch Type) Error:/;

const LONGEST_REASON = 300;

/** Builds what can be built of `batch`, which begins in the middle of a run where one batch would have been too much, and tells of the rest. */
export async function buildReadable(
  db: Database,
  batch: readonly SealedDirectory[],
  out: string,
  catalog: Catalog,
  isMidRun = false,
): Promise<Built> {
  if (batch.length === 0) return { notices: [], left: [] };
  const built = await failureOf(db, batch, out, catalog, isMidRun);
  if (!(built instanceof Error)) return { notices: built, left: [] };
  const tries = join(out, ".tries");
  const left = await failing(db, batch, built, tries, catalog);
  await Deno.remove(tries, { recursive: true }).catch(() => undefined);
  if (left.length === 0) return await buildHalves(db, batch, out, catalog, isMidRun);
  const unreadable = new Set(left.map(({ directory }) => directory));
  const rest = batch.filter((directory) => !unreadable.has(directory));
  const others = await buildReadable(db, rest, out, catalog, isMidRun);
  return { notices: others.notices, left: [...left, ...others.left] };
}

/** Builds a batch in two parts of which none fails by itself. */
async function buildHalves(
  db: Database,
  batch: readonly SealedDirectory[],
  out: string,
  catalog: Catalog,
  isMidRun: boolean,
): Promise<Built> {
  const [first, second] = halvesOf(batch);
  const goesOn = first.at(-1)?.run_id === second[0]?.run_id;
  const before = await buildReadable(db, first, out, catalog, isMidRun);
  const after = await buildReadable(db, second, out, catalog, goesOn);
  return { notices: [...before.notices, ...after.notices], left: [...before.left, ...after.left] };
}

function halvesOf(batch: readonly SealedDirectory[]): [SealedDirectory[], SealedDirectory[]] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
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
  const left: LeftOut[] = [];
  for (const half of halvesOf(batch)) {
    const found = await failureOf(db, half, tries, catalog, false);
    if (found instanceof Error) left.push(...await failing(db, half, found, tries, catalog));
    else await forgetBatch(db, half);
  }
  return left;
}

/** The notices of a batch that was built, or why its data cannot be; nothing of it stays then. */
async function failureOf(
  db: Database,
  batch: readonly SealedDirectory[],
  out: string,
  catalog: Catalog,
  isMidRun: boolean,
): Promise<string[] | Error> {
  try {
    return await buildBatch(db, batch, partOf(batch, isMidRun), out, catalog);
  } catch (error) {
    if (!isOfTheData(error)) throw error;
    await takeBack(db, batch, out, isMidRun);
    return error;
  }
}

/** Undoes a batch that was built, whole or in parts, or only begun. */
export async function takeBack(
  db: Database,
  batch: readonly SealedDirectory[],
  out: string,
  isMidRun = false,
): Promise<void> {
  const parts = [partOf(batch, isMidRun), ...await forgetBatch(db, batch)];
  for (const dataset of DATASETS) {
    for (const part of parts) await Deno.remove(join(out, dataset, part)).catch(() => undefined);
  }
}

/** The name of a batch's Parquet file; the first of a run is called by the run. */
function partOf([first]: readonly SealedDirectory[], isMidRun: boolean): string {
  return `${first?.run_id}${isMidRun ? `.${first?.provenance.evidence_id}` : ""}.parquet`;
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

/** Whether the database refuses what it was given, and not a fault of the program or the machine. */
export function isOfTheData(error: unknown): error is Error {
  return error instanceof UnreadableError || error instanceof Error && OF_THE_DATA.test(error.message);
}
