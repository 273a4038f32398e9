// Finished files go to their places: a build that fails before this leaves data/export as it was.
import { dirname, join } from "node:path";
import { exists } from "../lib/files.ts";

/** Moved last, in this order: by them the next build knows what is there. */
const LAST = ["almanac.duckdb", "version"];

/** Moves every file below `staged` to the same path below `exported`, after removing the `outdated` ones. */
export async function publish(exported: string, staged: string, outdated: readonly string[]): Promise<void> {
  const fresh = await filesBelow(staged);
  const kept = new Set(fresh);
  for (const path of outdated) {
    if (!kept.has(path)) await Deno.remove(join(exported, path)).catch(() => undefined);
  }
  for (const path of fresh.filter((each) => !LAST.includes(each)).concat(LAST)) {
    Deno.mkdirSync(dirname(join(exported, path)), { recursive: true });
    Deno.renameSync(join(staged, path), join(exported, path));
  }
}

/** Paths of all files below a folder, relative to it; folders whose name begins with a dot are left out. */
export async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  if (!await exists(folder)) return paths;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (!isDirectory) paths.push(`${prefix}${name}`);
    else if (!name.startsWith(".")) paths.push(...await filesBelow(join(folder, name), `${prefix}${name}/`));
  }
  return paths;
}
