// A built almanac for tests that ask its database.
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import type { Paths } from "../pipeline/paths.ts";
import { temporaryRoot } from "./fixtures.ts";

/** Fills a temporary root, builds its data, and asks its database. */
export async function almanac(
  fill: (paths: Paths) => Promise<void>,
  ask: (db: Database, paths: Paths) => Promise<void>,
): Promise<void> {
  await using root = await temporaryRoot();
  await fill(root.paths);
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  await ask(db, root.paths);
}
