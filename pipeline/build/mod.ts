// data/raw becomes data/export: Parquet, almanac.duckdb and the JSON mirror. Only runs that changed are read again.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, UserError } from "../errors.ts";
import { Database, quote } from "../lib/duckdb.ts";
import { exists, sha256Hex } from "../lib/files.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import { batches, buildBatch, DATASETS } from "./batch.ts";
import { exportDictionary, exportSchemas, exportTables } from "./export.ts";
import { readManifest, writeManifest } from "./manifest.ts";
import { type Touched, writeMirror } from "./mirror.ts";
import { parsed, type RawDirectory, scanRaw } from "./scan.ts";

export interface Built {
  readonly runs_read: number;
  readonly directories_read: number;
  readonly benchmarks: number;
  readonly notices: string[];
}

/** Request lines held in memory at once, in bytes of JSON. */
const BATCH_BYTES = 128 * 2 ** 20;
const MEMORY_LIMIT = "850MB";
const WHOLE = ["benchmarks.parquet", "manifest.parquet", "almanac.duckdb"];

/** Builds everything below data/export. The old files stay as they are until the new ones are complete. */
export async function buildData(paths: Paths, log: Log): Promise<Built> {
  const out = join(paths.exported, ".build");
  try {
    await Deno.remove(out, { recursive: true }).catch(() => undefined);
    await Deno.mkdir(out, { recursive: true });
    return await build(paths, out, log);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `Cannot build ${paths.exported}: ${messageOf(cause).split("\n")[0]}`,
      "Nothing raw was touched. Mend what is named and build again; after deleting data/export everything is built anew.",
      { cause },
    );
  } finally {
    await Deno.remove(out, { recursive: true }).catch(() => undefined);
  }
}

async function build(paths: Paths, out: string, log: Log): Promise<Built> {
  const dictionary = join(paths.exported, "dictionary.json");
  const { runs, notices } = scanRaw(paths.raw);
  const version = await codeVersion();
  const fresh = await startFrom(paths, out, version);
  using db = await openWork(out, fresh);
  const built = await builtParts(db);
  const stale = staleRuns(runs, built);
  const touched = await namesOf(db, stale.runs);
  await forget(db, stale.runs);
  const wanted = stale.runs.map((run) => (runs.get(run) ?? []).map(parsed)).filter((run) => run.length > 0);
  for (const batch of batches(wanted, BATCH_BYTES)) await buildBatch(db, batch, out);
  merge(touched, await namesOf(db, stale.runs));
  const manifest = await readManifest(paths.runs);
  await writeManifest(db, manifest.rows);
  await exportTables(db, out);
  if (fresh) {
    await exportSchemas(paths.exported);
    await Deno.remove(paths.api, { recursive: true }).catch(() => undefined);
    for (const name of DATASETS) {
      await Deno.remove(join(paths.exported, name), { recursive: true }).catch(() => undefined);
    }
  }
  if (wanted.length > 0 && (fresh || !await exists(dictionary))) await exportDictionary(db, dictionary);
  await writeMirror(db, paths.api, touched);
  const [total] = await db.rows("SELECT count(*) AS benchmarks FROM benchmarks");
  await db.run("USE memory; DETACH almanac");
  await replace(paths.exported, out, stale.parts);
  await Deno.writeTextFile(join(paths.exported, "version"), version);
  const all = [...notices, ...manifest.notices];
  for (const notice of all) log.warn(notice);
  return {
    runs_read: wanted.length,
    directories_read: wanted.reduce((sum, directories) => sum + directories.length, 0),
    benchmarks: Number(total?.benchmarks ?? 0),
    notices: all,
  };
}

/** A hash over the SQL and the builder: when it changes, everything is built anew. */
async function codeVersion(): Promise<string> {
  const texts: string[] = [];
  for (const folder of ["../sql/", "../sql/queries/", "./"]) {
    const path = fileURLToPath(new URL(folder, import.meta.url));
    const files = (await Array.fromAsync(Deno.readDir(path))).filter((item) => item.isFile).map((item) =>
      item.name
    );
    for (const name of files.sort()) texts.push(await Deno.readTextFile(join(path, name)));
  }
  return sha256Hex(texts.join("\n")).slice(0, 16);
}

/** Copies the last database to work on when the same code made it; true when there is none and all is built anew. */
async function startFrom({ exported, database }: Paths, out: string, version: string): Promise<boolean> {
  const last = await Deno.readTextFile(join(exported, "version")).catch(() => "");
  if (last !== version || !await exists(database)) return true;
  await Deno.copyFile(database, join(out, "almanac.duckdb"));
  return false;
}

async function openWork(out: string, fresh: boolean): Promise<Database> {
  const db = await Database.inMemory({ memory_limit: MEMORY_LIMIT, temp_directory: join(out, "spill") });
  await db.run(
    `ATTACH ${quote(join(out, "almanac.duckdb"))} AS almanac (STORAGE_VERSION 'v1.0.0'); USE almanac`,
  );
  if (fresh) await db.runFile("10_tables.sql");
  return db;
}

interface BuiltDirectory {
  readonly run_id: string;
  readonly part: string;
  /** Entry and seal. */
  readonly key: string;
}

async function builtParts(db: Database): Promise<BuiltDirectory[]> {
  const rows = await db.rows("SELECT run_id, part, entry_id || ' ' || seal AS key FROM sources");
  return rows.map(({ run_id, part, key }) => ({
    run_id: String(run_id),
    part: String(part),
    key: String(key),
  }));
}

/** Runs whose sealed directories are not exactly those that were built, with all that share a part with them. Pure. */
function staleRuns(
  runs: ReadonlyMap<string, RawDirectory[]>,
  built: readonly BuiltDirectory[],
): { runs: string[]; parts: Set<string> } {
  const before = Map.groupBy(built, ({ run_id }) => run_id);
  const changed = (run: string) => {
    const now = (runs.get(run) ?? []).map(({ entry_id, seal }) => `${entry_id} ${seal}`);
    const then = (before.get(run) ?? []).map(({ key }) => key);
    return now.sort().join("\n") !== then.sort().join("\n");
  };
  const stale = new Set([...runs.keys(), ...before.keys()].filter(changed));
  const parts = new Set(built.filter(({ run_id }) => stale.has(run_id)).map(({ part }) => part));
  for (const { run_id, part } of built) if (parts.has(part)) stale.add(run_id);
  return { runs: [...stale].sort(), parts };
}

async function forget(db: Database, runs: readonly string[]): Promise<void> {
  await db.set("stale", runs);
  for (const table of ["sources", "benchmarks"]) {
    await db.run(`DELETE FROM ${table} WHERE list_contains(getvariable('stale'), run_id)`);
  }
}

type MutableTouched = { [K in keyof Touched]: Set<string> };

async function namesOf(db: Database, runs: readonly string[]): Promise<MutableTouched> {
  await db.set("stale", runs);
  const rows = await db.rows(
    "SELECT id, model_name, gpu_name, provider FROM benchmarks WHERE list_contains(getvariable('stale'), run_id)",
  );
  const column = (name: string) => new Set(rows.map((row) => String(row[name])));
  return {
    ids: column("id"),
    models: column("model_name"),
    gpus: column("gpu_name"),
    providers: column("provider"),
  };
}

function merge(into: MutableTouched, more: Touched): void {
  for (const key of Object.keys(into) as (keyof Touched)[]) more[key].forEach((name) => into[key].add(name));
}

/** Moves the finished files to their places and removes the parts they replace; the database comes last. */
async function replace(exported: string, out: string, staleParts: ReadonlySet<string>): Promise<void> {
  for (const dataset of DATASETS) {
    await Deno.mkdir(join(exported, dataset), { recursive: true });
    for (const part of staleParts) await Deno.remove(join(exported, dataset, part)).catch(() => undefined);
    if (!await exists(join(out, dataset))) continue;
    for await (const { name } of Deno.readDir(join(out, dataset))) {
      await Deno.rename(join(out, dataset, name), join(exported, dataset, name));
    }
  }
  for (const name of WHOLE) await Deno.rename(join(out, name), join(exported, name));
}
