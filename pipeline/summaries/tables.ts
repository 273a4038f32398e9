// The tables, views and macros of almanac.duckdb, empty but for the catalogue.
import type { Catalog } from "../lib/catalog.ts";
import type { Database } from "../lib/duckdb.ts";

const FILES = [
  "10_tables",
  "11_answers",
  "12_rankable",
  "13_catalog",
  "14_fit",
  "15_wants",
  "16_slo_tiers",
  "17_definitions",
  "18_machines",
  "18_setups",
  "19_spreads",
];

/** Creates them in the database that `db` uses. */
export async function createTables(db: Database, { gpus, models }: Catalog): Promise<void> {
  await db.set("gpus", JSON.stringify(gpus));
  await db.set("models", JSON.stringify(models));
  for (const name of FILES) await db.runFile(`${name}.sql`);
}
