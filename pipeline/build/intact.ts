// Whether a raw directory is still what was sealed. Looks at names, sizes and times; a file is digested where it was written after its seal.
import { join } from "node:path";
import { createHash } from "node:crypto";
import { isSystemError, sha256Hex } from "../lib/files.ts";
import { check } from "../schema/parse.ts";
import { Provenance } from "../schema/provenance.ts";
import { strictJson } from "../schema/strict_json.ts";
import type { RawDirectory, SealedDirectory } from "./scan.ts";

const SEAL = "provenance.json";
const NEEDED = ["results.jsonl", "metadata.json"];
const READ_BYTES = 2 ** 20;

/** The directory with its provenance parsed, or why it cannot be built. Synchronous, which is several times faster for so many files. */
export function intact(
  directory: RawDirectory,
): { readonly sealed: SealedDirectory } | { readonly reason: string } {
  const read = strictJson(directory.provenance);
  const checked = "reason" in read ? { faults: [read.reason] } : check(Provenance, read.value);
  if ("faults" in checked) return { reason: `its ${SEAL} is damaged: ${checked.faults.join("; ")}` };
  const provenance = checked.value;
  if (provenance.run_id !== directory.run_id || provenance.entry_id !== directory.entry_id) {
    return { reason: `its ${SEAL} is of ${provenance.run_id}/${provenance.entry_id}` };
  }
  const needed = provenance.gpu_columns === null ? NEEDED : [...NEEDED, "gpu.csv"];
  const missing = needed.find((name) => !provenance.files.some((file) => file.name === name));
  if (missing !== undefined) return { reason: `its ${SEAL} is damaged: it tells of no ${missing}` };
  const reason = changedFile(directory.path, provenance);
  return reason === null ? { sealed: { ...directory, provenance } } : { reason };
}

/** What stands for the directory in the next build as long as nothing in it changes. */
export function stateOf({ path, provenance }: RawDirectory): string {
  try {
    const files = [...Deno.readDirSync(path)].map(({ name }) => {
      const { size, mtime } = Deno.lstatSync(join(path, name));
      return `${name} ${size} ${mtime?.getTime()}`;
    });
    return sha256Hex([provenance, ...files.sort()].join("\n"));
  } catch (error) {
    if (isSystemError(error)) return sha256Hex(provenance);
    throw error;
  }
}

/** The first file that is not what was sealed, and why; null when all are. */
function changedFile(path: string, { files }: Provenance): string | null {
  try {
    const sealedAt = Deno.lstatSync(join(path, SEAL)).mtime ?? new Date(0);
    for (const { name, bytes, sha256 } of files) {
      const file = join(path, name);
      const { isFile, isDirectory, isSymlink, size, mtime } = Deno.lstatSync(file);
      if (!isFile) {
        return `${name}: it is ${isDirectory ? "a folder" : isSymlink ? "a link" : "no plain file"}`;
      }
      const changed = `${name} is not what was sealed`;
      if (size !== bytes) return `${changed}: it has ${size} bytes instead of ${bytes}`;
      const isNewer = mtime === null || mtime >= sealedAt;
      if (isNewer && digestOf(file) !== sha256) return `${changed}: its SHA-256 is another`;
    }
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `${nameIn(error, files)}: it is not there`;
    if (isSystemError(error)) return error.message;
    throw error;
  }
}

function nameIn({ message }: Error, files: Provenance["files"]): string {
  return files.find(({ name }) => message.includes(`/${name}'`))?.name ?? SEAL;
}

function digestOf(path: string): string {
  using file = Deno.openSync(path);
  const hash = createHash("sha256");
  const buffer = new Uint8Array(READ_BYTES);
  for (let count = file.readSync(buffer); count !== null; count = file.readSync(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}
