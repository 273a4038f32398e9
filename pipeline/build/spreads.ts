// The table of spreads: hosts beside each other in SQL, and the intervals that are not kept from the last build.
import { join } from "node:path";
import { type Database, sqlText } from "../lib/duckdb.ts";
import { exists } from "../lib/files.ts";
import { type Block, bootstrap, DRAWS, type Interval, SEED } from "./bootstrap.ts";

/** A row of 88_blocks.sql: one benchmark of a spread. */
interface BlockRow {
  /** First id of the spread. */
  readonly spread: string;
  readonly metric: string;
  readonly host: string;
  readonly tokens_per_second: number;
  readonly numerators: readonly number[] | null;
  readonly denominators: readonly number[] | null;
}

/** Brings the spreads up to the benchmarks of `db`. Requests lie in the Parquet parts below the folders `staged` or, those of before, `exported`. */
export async function writeSpreads(db: Database, staged: string, exported: string): Promise<void> {
  await db.runFile("86_spreads.sql");
  const parts = await requestParts(db, [staged, exported]);
  if (parts.length === 0) return;
  await db.set("request_parts", parts);
  const rows = await db.rows(await sqlText("88_blocks.sql")) as unknown as BlockRow[];
  for (const spread of Map.groupBy(rows, ({ spread, metric }) => `${metric} ${spread}`).values()) {
    const interval = bootstrap(hostsOf(spread));
    if (spread[0] !== undefined && interval !== null) await keep(db, spread[0], interval);
  }
}

/** The files that hold requests of spreads without an interval. */
async function requestParts(db: Database, folders: readonly string[]): Promise<string[]> {
  const rows = await db.rows(await sqlText("87_request_parts.sql"));
  return await Promise.all(rows.map(async ({ part }) => {
    const paths = folders.map((folder) => join(folder, "requests.parquet", String(part)));
    for (const path of paths) if (await exists(path)) return path;
    throw new Error(`${paths.at(-1)} is missing`);
  }));
}

function hostsOf(rows: readonly BlockRow[]): Block[][] {
  return [...Map.groupBy(rows, ({ host }) => host).values()].map((blocks) => blocks.map(blockOf));
}

function blockOf({ tokens_per_second, numerators, denominators }: BlockRow): Block {
  return {
    figure: tokens_per_second,
    numerators: Float64Array.from(numerators ?? []),
    denominators: Float64Array.from(denominators ?? []),
  };
}

async function keep(db: Database, { spread, metric }: BlockRow, { low, high }: Interval): Promise<void> {
  await db.rows(
    `UPDATE spreads SET low_tokens_per_second = $low, high_tokens_per_second = $high, draws = $draws, seed = $seed
     WHERE ids[1] = $spread AND metric = $metric`,
    { low, high, draws: DRAWS, seed: SEED, spread, metric },
  );
}
