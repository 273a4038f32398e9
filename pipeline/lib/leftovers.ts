// What a command that was killed left half-made in a root, at the places where commands work.
import { join } from "node:path";

interface Place {
  /** Folders from the root; `*` is each folder there. */
  readonly path: readonly string[];
  /** Names that nothing whole has, and that nobody but commands makes there. */
  readonly half_made: RegExp;
}

const PLACES: readonly Place[] = [
  { path: ["runs"], half_made: /\.tmp$/ },
  { path: ["runs", "*"], half_made: /\.(tmp|part)$/ },
  { path: ["runs", "*", "work", "*"], half_made: /\.part$/ },
  { path: ["data", "raw", "*"], half_made: /^\.(.+\.)?partial$/ },
];

/** Removes it. Only for whoever holds the lock of the root: then nobody is making anything there. */
export async function clearLeftovers(root: string): Promise<void> {
  for (const { path, half_made } of PLACES) {
    for (const folder of foldersAt(root, path)) {
      for (const { name } of itemsIn(folder)) {
        if (half_made.test(name)) {
          await Deno.remove(join(folder, name), { recursive: true }).catch(() => undefined);
        }
      }
    }
  }
}

function foldersAt(root: string, [first, ...rest]: readonly string[]): string[] {
  if (first === undefined) return [root];
  const names = first === "*"
    ? itemsIn(root).filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
    : [first];
  return names.flatMap((name) => foldersAt(join(root, name), rest));
}

function itemsIn(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}
