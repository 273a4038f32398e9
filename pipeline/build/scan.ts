// What lies in data/raw: the sealed directories of each run, and those that are not sealed.
import { join } from "node:path";
import { isSystemError } from "../lib/files.ts";
import { readPlainText, UnreadError } from "../lib/plain_file.ts";
import { EVIDENCE_FILES } from "../schema/evidence_files.ts";
import type { Provenance } from "../schema/provenance.ts";

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
export function scanRaw(raw: string, isWhole: (directory: RawDirectory) => boolean): Scan {
  const runs = new Map<string, RawDirectory[]>();
  const notices: string[] = [];
  const known = new Map<string, RawDirectory>();
  for (const run_id of folders(raw, notices)) {
    const sealed: RawDirectory[] = [];
    for (const entry_id of folders(join(raw, run_id), notices)) {
      const path = join(raw, run_id, entry_id);
      const read = sealIn(path, notices);
      if (read === null) continue;
      const directory = { path, run_id, entry_id, seal: read.sha256, provenance: read.text };
      const evidence_id = /"evidence_id": *"(\w+)"/.exec(read.text)?.[1] ?? path;
      const twin = known.get(evidence_id);
      if (twin !== undefined && isWhole(twin)) {
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

/** A directory's provenance.json; null, and a notice, when it cannot be had. */
function sealIn(path: string, notices: string[]): { text: string; sha256: string } | null {
  try {
    return readPlainText(join(path, "provenance.json"), EVIDENCE_FILES["provenance.json"].most_bytes);
  } catch (error) {
    if (!(error instanceof UnreadError)) throw error;
    notices.push(
      error.isMissing
        ? `${path} has no provenance.json: it was not collected to its end and is left out`
        : `${path} is left out: its provenance.json cannot be read: ${error.message}`,
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
