// Which code built data/export: when it changes, everything is built anew.
import { dirname, join } from "node:path";
import { sha256Hex } from "../lib/files.ts";

const BUILDER = "pipeline/build/mod.ts";
const SQL = "pipeline/sql";

/** What besides the evidence decides what the built files hold. */
export interface Deciding {
  /** The builder and all that it imports for more than types, and all SQL: paths below the repository, with their texts. */
  readonly files: ReadonlyMap<string, string>;
  /** The packages that these import, with their exact versions. */
  readonly packages: readonly string[];
}

/** A hash over what decides, and the catalogue. */
export function codeVersion(repository: string, catalog: string): string {
  const { files, packages } = deciding(repository);
  const named = [...files].sort(([a], [b]) => a < b ? -1 : 1);
  return sha256Hex(JSON.stringify([named, packages, catalog])).slice(0, 16);
}

/** Follows the imports of the builder. Synchronous, which is several times faster for so many small files. */
export function deciding(repository: string): Deciding {
  const files = new Map<string, string>();
  const names = new Set<string>();
  const follow = (path: string) => {
    if (files.has(path)) return;
    const text = Deno.readTextFileSync(join(repository, path));
    files.set(path, text);
    for (const name of importsOf(text)) {
      if (name.startsWith(".")) follow(join(dirname(path), name));
      else if (!name.startsWith("node:")) names.add(packageOf(name));
    }
  };
  follow(BUILDER);
  for (const path of sqlFiles(repository, SQL)) {
    files.set(path, Deno.readTextFileSync(join(repository, path)));
  }
  const { imports } = JSON.parse(Deno.readTextFileSync(join(repository, "deno.json")));
  return { files, packages: [...names].sort().map((name) => imports[name]) };
}

/** What a module imports when it runs, as `deno fmt` writes imports. */
function importsOf(text: string): string[] {
  const found = text.matchAll(
    /^(?:import|export) (?!type )(?:[^;]*? from )?"([^"]+)";$|\bimport\("([^"]+)"\)/gm,
  );
  return [...found].map(([, name, later]) => name ?? later ?? "");
}

/** `@scope/name/file` is of the package `@scope/name`. */
function packageOf(name: string): string {
  return name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/");
}

function sqlFiles(repository: string, folder: string): string[] {
  return [...Deno.readDirSync(join(repository, folder))].flatMap(({ name, isDirectory }) =>
    isDirectory ? sqlFiles(repository, `${folder}/${name}`) : [`${folder}/${name}`]
  );
}
