// What lies in data/raw: the sealed directories of each run, and those that are not sealed.
import { join } from "node:path";
import { isSystemError, sha256Hex } from "../lib/files.ts";
import type { Provenance } from "../schema/provenance.ts";
import { intact } from "./intact.ts";

export interface RawDirectory {
  readonly path: string;
  readonly run_id: string;
  readonly entry_id: string;
  /** SHA-256 of provenance.json: changes when anything in the directory was sealed anew. */
  readonly seal: string;
  readonly provenance: string;
}

export type SealedDirectory = Omit<RawDirectory, "provenance"> & { readonly provenance: Provenance };

export interface Scan {
  /** By run, both sorted by name. */
  readonly runs: Map<string, RawDirectory[]>;
  /** One sentence for each directory that is left out. */
  readonly notices: string[];
}

/** Looks at every data/raw/<run>/<entry>; of directories with the same evidence the first that is whole counts. Reads only provenance.json of each; synchronously, which is several times faster for so many small files. */
export function scanRaw(raw: string): Scan {
  const runs = new Map<string, RawDirectory[]>();
  const notices: string[] = [];
  const known = new Map<string, RawDirectory>();
  for (const run_id of folders(raw, notices)) {
    const sealed: RawDirectory[] = [];
    for (const entry_id of folders(join(raw, run_id), notices)) {
      const path = join(raw, run_id, entry_id);
      const provenance = sealIn(path, notices);
      if (provenance === null) continue;
      const directory = { path, run_id, entry_id, seal: sha256Hex(provenance), provenance };
      const evidence_id = /"evidence_id": *"(\w+)"/.exec(provenance)?.[1] ?? path;
      const twin = known.get(evidence_id);
      if (twin !== undefined && "sealed" in intact(twin)) {
        notices.push(`${path} is left out: it holds the same evidence as ${twin.path}`);
        continue;
      }
      known.set(evidence_id, directory);
      sealed.push(directory);
    }
    if (sealed.length > 0) runs.set(run_id, sealed);
  }
  return { runs, notices };
}

/** The text of a directory's provenance.json; null, and a notice, when there is none. */
function sealIn(path: string, notices: string[]): string | null {
  try {
    return Deno.readTextFileSync(join(path, "provenance.json"));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    notices.push(
      error instanceof Deno.errors.NotFound
        ? `${path} has no provenance.json: it was not collected to its end and is left out`
        : `${path} is left out: its provenance.json cannot be read`,
    );
    return null;
  }
}

function folders(path: string, notices: string[]): string[] {
  try {
    return [...Deno.readDirSync(path)].filter((item) => item.isDirectory && !item.name.startsWith("."))
      .map((item) => item.name).sort();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (!(error instanceof Deno.errors.NotFound)) notices.push(`${path} is left out: it cannot be read`);
    return [];
  }
}
