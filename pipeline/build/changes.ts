// What changed since the last build: which runs must be read again, and which names their benchmarks touch.
import { type Database, type Row, sqlText } from "../lib/duckdb.ts";

/** Names by which files of the mirror are found; a build writes those that it touched. */
export interface Touched {
  readonly ids: Set<string>;
  readonly models: Set<string>;
  readonly gpus: Set<string>;
  readonly providers: Set<string>;
}

/** Something that the tables are built from: a raw directory, or a file of results without raw evidence. */
export interface Source {
  readonly entry_id: string;
  readonly seal: string;
}

export interface BuiltSource {
  readonly run_id: string;
  /** Null: it has no rows in the tables of parts. */
  readonly part: string | null;
  readonly entry_id: string;
  readonly seal: string;
  /** Why nothing of it is in the tables; null when it is. */
  readonly left_out: string | null;
}

/** What the tables were built from. */
export async function builtSources(db: Database): Promise<BuiltSource[]> {
  const rows = await db.rows(
    "SELECT run_id, entry_id, seal, part, left_out FROM sources",
  );
  const text = (value: unknown) => value === null ? null : String(value);
  return rows.map(({ run_id, entry_id, seal, part, left_out }) => ({
    run_id: String(run_id),
    entry_id: String(entry_id),
    seal: String(seal),
    part: text(part),
    left_out: text(left_out),
  }));
}

/** Runs whose sources are not exactly those that were built, with all that share a part with them. Pure. */
export function staleRuns(
  runs: ReadonlyMap<string, readonly Source[]>,
  built: readonly BuiltSource[],
): { runs: string[]; parts: Set<string> } {
  const before = Map.groupBy(built, ({ run_id }) => run_id);
  const keyOf = ({ entry_id, seal }: Source) => `${entry_id} ${seal}`;
  const changed = (run: string) => {
    const now = (runs.get(run) ?? []).map(keyOf);
    const then = (before.get(run) ?? []).map(keyOf);
    return now.sort().join("\n") !== then.sort().join("\n");
  };
  const stale = new Set([...runs.keys(), ...before.keys()].filter(changed));
  const parts = new Set(
    built.filter(({ run_id }) => stale.has(run_id)).flatMap(({ part }) => part === null ? [] : [part]),
  );
  for (const { run_id, part } of built) if (part !== null && parts.has(part)) stale.add(run_id);
  return { runs: [...stale].sort(), parts };
}

/** Deletes everything that came from `runs`. */
export async function forget(db: Database, runs: readonly string[]): Promise<void> {
  await db.set("stale", runs);
  for (const table of ["sources", "benchmarks", "definitions", "published_picks"]) {
    await db.run(`DELETE FROM ${table} WHERE list_contains(getvariable('stale'), run_id)`);
  }
}

/** Deletes everything that came from these directories; returns the parts that held rows of them. */
export async function forgetBatch(
  db: Database,
  batch: readonly { readonly run_id: string; readonly entry_id: string }[],
): Promise<string[]> {
  await db.set("stale", batch.map(({ run_id, entry_id }) => `${run_id}/${entry_id}`));
  const isOfThem = "list_contains(getvariable('stale'), concat_ws('/', run_id, entry_id))";
  const parts = await db.rows(`SELECT DISTINCT part FROM sources WHERE part IS NOT NULL AND ${isOfThem}`);
  for (const table of ["sources", "benchmarks", "definitions"]) {
    await db.run(`DELETE FROM ${table} WHERE ${isOfThem}`);
  }
  return parts.map(({ part }) => String(part));
}

/** The names that the benchmarks of `runs` have now. */
export async function namesOf(db: Database, runs: readonly string[]): Promise<Touched> {
  await db.set("stale", runs);
  const rows = await db.rows(
    "SELECT id, model_name, gpu, provider FROM benchmarks WHERE list_contains(getvariable('stale'), run_id)",
  );
  return touchedBy(rows);
}

/** Ranks simulated results where there are no others, and only there; returns the names of those of which that has changed. */
export async function rehearse(db: Database): Promise<Touched> {
  return touchedBy(await db.rows(await sqlText("84_rehearsal.sql")));
}

function touchedBy(rows: readonly Row[]): Touched {
  const column = (name: string) => new Set(rows.map((row) => String(row[name])));
  return {
    ids: column("id"),
    models: column("model_name"),
    gpus: column("gpu"),
    providers: column("provider"),
  };
}

/** All names of both. */
export function both(one: Touched, other: Touched): Touched {
  return {
    ids: one.ids.union(other.ids),
    models: one.models.union(other.models),
    gpus: one.gpus.union(other.gpus),
    providers: one.providers.union(other.providers),
  };
}
