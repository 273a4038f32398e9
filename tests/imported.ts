// Directories of others taken in and built, for tests: what was said, and what came of it.
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { importDirectories, type Imported, type ImportFacts } from "../pipeline/importers/mod.ts";
import { Database, type Row } from "../pipeline/lib/duckdb.ts";
import { list } from "../pipeline/query/mod.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { jsonl, metadata, temporaryRoot } from "./fixtures.ts";

export type Files = Readonly<Record<string, string | Uint8Array>>;

export const FACTS: ImportFacts = { provider: "vastai", price: 0.16, location: "US" };
export const NOW = new Date("2026-11-24T12:00:00Z");
/** The first request begins then, seconds since 1970: 2026-01-02 03:04:05 UTC. */
export const START = 1767323045;

/** Requests of the older format, one at a time: 256 tokens in 2.7 s at 100 tokens/s; `t` is when each ended. */
export function olderLines(
  count = 20,
  change: (n: number) => object = () => ({}),
): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => ({
    t: START + 2.7 + index * 3,
    n: index + 1,
    tok: 256,
    tps: 100,
    dur: 2.7,
    err: false,
    ...change(index + 1),
  }));
}

/** A directory of twenty good requests, with other files in the place of some. */
export function goodFiles(changes: Files = {}): Files {
  return { "results.jsonl": jsonl(olderLines()), "metadata.json": metadata(), ...changes };
}

/** Writes files, whose contents may be any bytes, into a new directory. */
export async function folderOf(parent: string, name: string, files: Files): Promise<string> {
  const dir = join(parent, name);
  await Deno.mkdir(dir, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    await Deno.writeFile(
      join(dir, file),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
  return dir;
}

/** A root into which directories are imported and built. */
export async function importing(): Promise<
  AsyncDisposable & Awaited<ReturnType<typeof temporaryRoot>> & {
    take: (...directories: (Files | string)[]) => Promise<Imported>;
    build: () => Promise<BenchmarkResult[]>;
    rows: (sql: string) => Promise<Row[]>;
  }
> {
  const root = await temporaryRoot();
  let taken = 0;
  const inbox = join(root.paths.root, "in");
  return {
    ...root,
    /** Imports directories: their files, or paths to what is there already. */
    async take(...directories) {
      const dirs: string[] = [];
      for (const each of directories) {
        dirs.push(typeof each === "string" ? each : await folderOf(inbox, `bench_${++taken}`, each));
      }
      return await importDirectories(dirs, FACTS, root.paths, root.log, NOW);
    },
    async build() {
      await buildData(root.paths, root.log);
      using db = await Database.reading(root.paths.database);
      return (await list(db, { limit: 200 })).benchmarks;
    },
    async rows(sql) {
      using db = await Database.reading(root.paths.database);
      return await db.rows(sql.replaceAll("$exported", root.paths.exported));
    },
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}
