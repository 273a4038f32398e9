// What lies in data/raw: the sealed directories of each run, and those that are not sealed.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { sha256Hex } from "../lib/files.ts";
import { Provenance } from "../schema/provenance.ts";

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

/** Looks at every data/raw/<run>/<entry>; of directories with the same evidence the first counts. Reads only provenance.json of each; synchronously, which is several times faster for so many small files. */
export function scanRaw(raw: string): Scan {
  const runs = new Map<string, RawDirectory[]>();
  const notices: string[] = [];
  const known = new Map<string, string>();
  for (const run_id of folders(raw)) {
    const sealed: RawDirectory[] = [];
    for (const entry_id of folders(join(raw, run_id))) {
      const path = join(raw, run_id, entry_id);
      try {
        const provenance = Deno.readTextFileSync(join(path, "provenance.json"));
        const evidence_id = /"evidence_id": *"(\w+)"/.exec(provenance)?.[1] ?? path;
        const twin = known.get(evidence_id);
        if (twin !== undefined) {
          notices.push(`${path} is left out: it holds the same evidence as ${twin}`);
          continue;
        }
        known.set(evidence_id, path);
        sealed.push({ path, run_id, entry_id, seal: sha256Hex(provenance), provenance });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        notices.push(`${path} has no provenance.json: it was not collected to its end and is left out`);
      }
    }
    if (sealed.length > 0) runs.set(run_id, sealed);
  }
  return { runs, notices };
}

/** The same directory with its provenance parsed; throws with the path when somebody changed it by hand. */
export function parsed(directory: RawDirectory): SealedDirectory {
  try {
    return { ...directory, provenance: Provenance.parse(JSON.parse(directory.provenance)) };
  } catch (cause) {
    throw new Error(`${join(directory.path, "provenance.json")} is damaged: ${messageOf(cause)}`, { cause });
  }
}

function folders(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].filter((item) => item.isDirectory && !item.name.startsWith("."))
      .map((item) => item.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
