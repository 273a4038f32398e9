// Finished files go to their places, and a record says what is there. The record is taken away first and written last: while it is missing, nobody takes what is there for whole.
import { dirname, join } from "node:path";
import { BUILD_RECORD, BuildRecord } from "../schema/build_record.ts";

/** Its users may write to it, and a build goes on with what they wrote. */
const DATABASE = "almanac.duckdb";

/** Moved last, in this order: whoever reads meanwhile finds all that the index names, and the data of before in the database. */
const LAST = ["api/v1/index.json", DATABASE];

/** What was published last; null when there is nothing, when the builder died while it published, or when the record cannot be read. */
export function readPublished(exported: string): BuildRecord | null {
  try {
    return BuildRecord.parse(JSON.parse(Deno.readTextFileSync(join(exported, BUILD_RECORD))));
  } catch {
    return null;
  }
}

/** Whether the folder holds just what was published: no file is missing, foreign, or was changed since, and the database was not cut. */
export function isAsPublished(exported: string, { files }: BuildRecord): boolean {
  const found = filesBelow(exported).filter((path) => path !== BUILD_RECORD);
  return found.length === Object.keys(files).length && found.every((path) => {
    const [bytes = Infinity, changed_at] = files[path] ?? [];
    const now = markOf(join(exported, path));
    return path === DATABASE ? now[0] >= bytes : now[0] === bytes && now[1] === changed_at;
  });
}

/** Moves every file below `staged` to the same path below `exported`. Of what was there `before`, the `outdated` files go; all that is not new goes when it is null. */
export function publish(
  exported: string,
  staged: string,
  made: Omit<BuildRecord, "files">,
  before: BuildRecord | null,
  outdated: readonly string[],
): void {
  const fresh = filesBelow(staged);
  const marks = fresh.map((path) => [path, markOf(join(staged, path))] as const);
  const isFresh = new Set(fresh);
  const gone = (before === null ? filesBelow(exported) : outdated).filter((path) => !isFresh.has(path));
  const isGone = new Set(gone);
  const kept = Object.entries(before?.files ?? {}).filter(([path]) => !isGone.has(path));
  Deno.writeTextFileSync(
    join(staged, BUILD_RECORD),
    JSON.stringify({ ...made, files: Object.fromEntries([...kept, ...marks]) } satisfies BuildRecord),
  );
  remove(join(exported, BUILD_RECORD));
  const folders = new Set(fresh.map((path) => dirname(join(exported, path))));
  for (const folder of folders) Deno.mkdirSync(folder, { recursive: true });
  for (const path of [...fresh.filter((each) => !LAST.includes(each)), ...LAST]) {
    if (isFresh.has(path)) move(staged, exported, path);
  }
  for (const path of gone) remove(join(exported, path));
  move(staged, exported, BUILD_RECORD);
}

/** Paths of all files below a folder, relative to it; folders whose name begins with a dot are left out. */
export function filesBelow(folder: string, prefix = ""): string[] {
  return itemsIn(join(folder, prefix)).flatMap(({ name, isDirectory }) => {
    if (!isDirectory) return [`${prefix}${name}`];
    return name.startsWith(".") ? [] : filesBelow(folder, `${prefix}${name}/`);
  });
}

function itemsIn(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function markOf(path: string): [bytes: number, changed_at: number] {
  const { isFile, size, mtime } = Deno.lstatSync(path);
  return isFile ? [size, mtime?.getTime() ?? 0] : [-1, 0];
}

function move(from: string, to: string, path: string): void {
  Deno.renameSync(join(from, path), join(to, path));
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
