// Built almanacs for tests that ask their databases.
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

/** One almanac for all tests of a file, built now and removed after them; gives what asks its database. */
export async function standing(
  fill: (paths: Paths) => Promise<void>,
): Promise<<T>(ask: (db: Database, paths: Paths) => Promise<T>) => Promise<T>> {
  const root = await temporaryRoot();
  await fill(root.paths);
  await buildData(root.paths, root.log);
  Deno.test.afterAll(async () => await root[Symbol.asyncDispose]());
  return async (ask) => {
    using db = await Database.reading(root.paths.database);
    return await ask(db, root.paths);
  };
}
