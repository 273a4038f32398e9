// What the SQL page is made of: its files with their digests, the curated queries, the tables of the database.
import { DuckDBInstance } from "@duckdb/node-api";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { PageFile, PageFiles } from "../sql_page/page_files.ts";
import { CHARTS, type State } from "../sql_page/state.ts";
import { exported } from "./data.ts";

const assets = process.env.ALMANAC_ASSETS ?? "";
const texts = import.meta.glob("../sql/curated/*.sql", {
  query: "?raw",
  import: "default",
  eager: true,
});

export interface Curated {
  readonly title: string;
  readonly state: State;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly { column: string; type: string; description: string | null }[];
}

/** The curated queries in the order of their files. */
export const curated: readonly Curated[] = Object.keys(texts).sort().map((path) =>
  curatedOf(String(texts[path] ?? ""))
);

/** The files that the page loads when it is asked to, and those that it keeps to work without a network. */
export function pageFiles(): PageFiles {
  const engine = readdirSync(join(assets, "duckdb")).sort();
  const named = (ending: string) => `duckdb/${engine.find((name) => name.endsWith(ending))}`;
  return {
    engine: fileOf(assets, named(".wasm.bin"), named(".wasm.bin")),
    worker: fileOf(assets, named(".worker.js"), named(".worker.js")),
    database: fileOf(exported, "almanac.duckdb", "data/almanac.duckdb"),
    scripts: readdirSync(join(assets, "sql")).sort().map((name) => `sql/${name}`),
  };
}

/** The tables of the database that the dictionary describes. */
export async function tables(): Promise<Table[]> {
  const path = join(exported, "dictionary.json");
  if (!existsSync(path)) return [];
  const described: Record<string, Table["columns"]> = JSON.parse(readFileSync(path, "utf8")).tables;
  const held = await namesInDatabase();
  return Object.entries(described).filter(([name]) => held.has(name)).map(([name, columns]) => ({
    name,
    columns,
  }));
}

/** The first line of a curated query is its title; the second may say `-- bar: x, y`, a chart of it. */
function curatedOf(text: string): Curated {
  const [first = "", second = "", ...rest] = text.trim().split("\n");
  const [, name, x = "", y = ""] = second.match(/^-- (\w+): (\w+), (\w+)$/) ?? [];
  const kind = CHARTS.find((chart) => chart === name);
  const lines = kind === undefined ? [first, second, ...rest] : [first, ...rest];
  const chart = kind === undefined ? null : { kind, x, y };
  return { title: first.replace(/^-- /, ""), state: { sql: lines.join("\n"), chart } };
}

async function namesInDatabase(): Promise<Set<string>> {
  const instance = await DuckDBInstance.create(join(exported, "almanac.duckdb"), {
    access_mode: "READ_ONLY",
  });
  const connection = await instance.connect();
  try {
    const rows = (await connection.runAndReadAll("SELECT table_name FROM duckdb_tables()")).getRows();
    return new Set(rows.map(([name]) => String(name)));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function fileOf(folder: string, from: string, path: string): PageFile {
  const content = readFileSync(join(folder, from));
  return { path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}
