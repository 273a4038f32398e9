// The published files below data/, with size and SHA-256, each read once for all pages.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_RECORD, type BuildRecord, isData } from "../../../pipeline/schema/build_record.ts";
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

const { files }: BuildRecord = JSON.parse(readFileSync(join(exported, BUILD_RECORD), "utf8"));
const paths = Object.keys(files).filter(isData).sort();

/** Files that are whole. */
export const wholeFiles = paths.filter((path) => !path.includes("/")).map(publishedFile);

/** Parts of the tables that are too long for one file. */
export const partFiles = paths.filter((path) => path.includes("/")).map(publishedFile);

/** Where the parts of such a table lie. */
export function partsOf(table: string): string[] {
  return paths.filter((path) => path.startsWith(`${table}.parquet/`)).map((path) => join(exported, path));
}

/** The columns of every table, by its name; none before there is any benchmark. */
export const dictionary: Readonly<Record<string, readonly Column[]>> =
  wholeFiles.some(({ path }) => path === "dictionary.json")
    ? JSON.parse(readFileSync(join(exported, "dictionary.json"), "utf8")).tables
    : {};

function publishedFile(path: string): PublishedFile {
  const content = readFileSync(join(exported, path));
  return { path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}
