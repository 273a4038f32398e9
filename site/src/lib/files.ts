// The published files below data/, with size and SHA-256, each read once for all pages.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exported } from "./data.ts";

export interface PublishedFile {
  /** From the folder data/ of the site. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A column of a table, as the dictionary tells it. */
export interface Column {
  readonly column: string;
  readonly type: string;
  readonly description: string | null;
}

const TABLES = [
  "benchmarks",
  "benchmark_manifest",
  "definitions",
  "machines",
  "gpus",
  "models",
  "slo_tiers",
  "spreads",
];
const WHOLE = [
  "almanac.duckdb",
  ...TABLES.flatMap((table) => [`${table}.parquet`, `${table}.csv`]),
  "dictionary.json",
];
const PARTED = ["requests.parquet", "chunks.parquet", "gpu_samples.parquet"];

/** Files that are whole. */
export const wholeFiles = WHOLE.filter((path) => existsSync(join(exported, path))).map(publishedFile);

/** Parts of the tables that are too long for one file. */
export const partFiles = PARTED.filter((folder) => existsSync(join(exported, folder))).flatMap((folder) =>
  readdirSync(join(exported, folder)).sort().map((name) => publishedFile(`${folder}/${name}`))
);

/** The columns of every table, by its name; none before there is any benchmark. */
export const dictionary: Readonly<Record<string, readonly Column[]>> =
  wholeFiles.some(({ path }) => path === "dictionary.json")
    ? JSON.parse(readFileSync(join(exported, "dictionary.json"), "utf8")).tables
    : {};

function publishedFile(path: string): PublishedFile {
  const content = readFileSync(join(exported, path));
  return { path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}
