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

/** Looks at every data/raw/<run>/<entry>. Reads only provenance.json of each. */
export async function scanRaw(raw: string): Promise<Scan> {
  const runs = new Map<string, RawDirectory[]>();
  const notices: string[] = [];
  for (const run_id of await folders(raw)) {
    const found = await Promise.all((await folders(join(raw, run_id))).map(async (entry_id) => {
      const path = join(raw, run_id, entry_id);
      try {
        const provenance = await Deno.readTextFile(join(path, "provenance.json"));
        return { path, run_id, entry_id, seal: sha256Hex(provenance), provenance };
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        notices.push(`${path} has no provenance.json: it was not collected to its end and is left out`);
        return null;
      }
    }));
    const sealed = found.filter((directory) => directory !== null);
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

async function folders(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const item of Deno.readDir(path)) {
      if (item.isDirectory && !item.name.startsWith(".")) names.push(item.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
