// data/raw becomes data/export: Parquet, almanac.duckdb and the JSON mirror. Only runs that changed are read again.
import { join } from "node:path";
import { messageOf, UserError } from "../errors.ts";
import type { Database } from "../lib/duckdb.ts";
import { readCatalog } from "../lib/catalog.ts";
import { exists } from "../lib/files.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import { DATASETS } from "./batch.ts";
import {
  both,
  builtSources,
  forget,
  namesOf,
  rehearse,
  type Source,
  staleRuns,
  type Touched,
} from "./changes.ts";
import { openDatabase } from "./database.ts";
import { exportDictionary, exportSchemas, exportTables } from "./export.ts";
import { buildFigures, filesOfFigures, sourceOf } from "./figures.ts";
import { isWhole, knownState, leftOut } from "./left_out.ts";
import { readManifest, writeManifest } from "./manifest.ts";
import { askMirror, writeMirror } from "./mirror.ts";
import { isAsPublished, publish, readPublished } from "./publish.ts";
import { buildRuns } from "./runs.ts";
import { scanRaw } from "./scan.ts";
import { Seen } from "./seen.ts";
import { writeSpreads } from "./spreads.ts";
import { codeVersion } from "./version.ts";

export interface Built {
  readonly runs_read: number;
  readonly directories_read: number;
  readonly benchmarks: number;
  readonly notices: string[];
}

/** Whether another version of the almanac, or another catalogue, built what stands in data/export: questions of this one may not find there what they ask for. */
export async function isOfAnotherVersion(paths: Paths): Promise<boolean> {
  const built = readPublished(paths.exported);
  if (built === null) return false;
  return built.version !== codeVersion(paths.repository, JSON.stringify(await readCatalog(paths)));
}

/** Builds everything below data/export. The old files stay as they are until the new ones are complete. */
export async function buildData(paths: Paths, log: Log): Promise<Built> {
  const staged = join(paths.exported, ".staged");
  try {
    await Deno.remove(staged, { recursive: true }).catch(() => undefined);
    await Deno.mkdir(staged, { recursive: true });
    const built = await build(paths, staged);
    for (const notice of built.notices) log.warn(notice);
    return built;
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `Cannot build ${paths.exported}: ${messageOf(cause).split("\n")[0]}`,
      "Nothing raw was touched. Mend what is named and build again; after deleting data/export everything is built anew.",
      { cause },
    );
  } finally {
    await Deno.remove(staged, { recursive: true }).catch(() => undefined);
  }
}

async function build(paths: Paths, staged: string): Promise<Built> {
  const catalog = await readCatalog(paths);
  const version = codeVersion(paths.repository, JSON.stringify(catalog));
  const before = await startFrom(paths, staged, version);
  const anew = before === null;
  const seen = new Seen(before?.evidence ?? {});
  using db = await openDatabase(staged, anew ? catalog : null, [paths.raw, paths.exported]);
  const known = await builtSources(db);
  const { runs, notices } = scanRaw(paths.raw, (directory) => isWhole(directory, known, seen));
  const results = await filesOfFigures(paths, [...runs.values()].flat());
  notices.push(...results.notices);
  const figures = new Map(results.files.map((file) => [file.run_id, file]));
  const sources = new Map<string, readonly Source[]>(knownState(runs, known, seen));
  for (const [run_id, file] of figures) sources.set(run_id, [sourceOf(file)]);
  const stale = staleRuns(sources, known);
  const old = await namesOf(db, stale.runs);
  await forget(db, stale.runs);
  const wanted = stale.runs.map((run) => runs.get(run) ?? []).filter((run) => run.length > 0);
  const schemas = anew ? exportSchemas(staged) : undefined;
  try {
    notices.push(...await buildRuns(db, wanted, known, seen, staged, catalog));
  } finally {
    await schemas;
  }
  for (const file of stale.runs.map((run) => figures.get(run))) {
    if (file !== undefined) notices.push(...await buildFigures(db, file, catalog));
  }
  notices.push(...await leftOut(db, paths.raw));
  const turned = await rehearse(db);
  await writeSpreads(db, staged, paths.exported);
  const touched = both(turned, both(old, await namesOf(db, stale.runs)));
  const manifest = await readManifest(paths.runs);
  await writeManifest(db, manifest);
  if (wanted.length > 0 && (anew || !await exists(join(paths.exported, "dictionary.json")))) {
    await exportDictionary(db, staged);
  }
  const asked = await askAndExport(db, paths, staged, anew, touched);
  const [total] = await db.rows("SELECT count(*)::INTEGER AS benchmarks FROM benchmarks");
  const closed = db.run("USE memory; DETACH almanac");
  let unlisted: string[] = [];
  try {
    if (asked !== null) unlisted = writeMirror(asked, join(staged, "api", "v1"), touched);
  } finally {
    await closed;
  }
  const evidence = seen.statesOf([...runs.values()].flat());
  publish(paths.exported, staged, { version, evidence }, before, [
    ...unlisted.map((path) => `api/v1/${path}`),
    ...DATASETS.flatMap((dataset) => [...stale.parts].map((part) => `${dataset}/${part}`)),
    ...runs.size === 0 ? ["dictionary.json"] : [],
  ]);
  return {
    runs_read: wanted.length,
    directories_read: wanted.reduce((sum, directories) => sum + directories.length, 0),
    benchmarks: Number(total?.benchmarks),
    notices: [...notices, ...manifest.notices],
  };
}

/** Asks for the mirror while the whole tables are written. */
async function askAndExport(db: Database, { api }: Paths, staged: string, anew: boolean, touched: Touched) {
  using beside = await db.beside("USE almanac");
  using writing = await db.beside("USE almanac");
  const [asked] = await Promise.all([
    askMirror(db, beside, anew ? null : api, touched),
    exportTables(writing, staged, anew),
  ]);
  return asked;
}

/** What is there, with a copy of its database to work on; null when other code made it or it is not whole, and all is built anew. */
async function startFrom({ exported, database }: Paths, staged: string, version: string) {
  const last = readPublished(exported);
  if (last?.version !== version || !isAsPublished(exported, last)) return null;
  await Deno.copyFile(database, join(staged, "almanac.duckdb"));
  return last;
}
