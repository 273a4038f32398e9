// The database that a build works on: in memory, with the file to come attached, and closed to every other file.
import { join } from "node:path";
import type { Catalog } from "../lib/catalog.ts";
import { Database, quote } from "../lib/duckdb.ts";
import { createTables } from "../summaries/tables.ts";

const MEMORY_LIMIT = "850MB";

/** `catalog`: its tables are made, with what the catalogue says. SQL may reach files below `folders` and no others, and cannot change that. */
export async function openDatabase(
  staged: string,
  catalog: Catalog | null,
  folders: readonly string[],
): Promise<Database> {
  const db = await Database.inMemory({ memory_limit: MEMORY_LIMIT, temp_directory: join(staged, ".spill") });
  const path = quote(join(staged, "almanac.duckdb"));
  await db.run(
    `ATTACH ${path} AS almanac (STORAGE_VERSION 'v1.0.0', RECOVERY_MODE no_wal_writes); USE almanac`,
  );
  if (catalog !== null) await createTables(db, catalog);
  const open = folders.map((folder) => quote(`${folder}/`)).join(", ");
  await db.run(
    `SET allowed_directories = [${open}]; SET enable_external_access = false; SET lock_configuration = true`,
  );
  return db;
}
