// What evidence is called wherever it lies: by the digests of what was measured.
import type { Provenance } from "../schema/provenance.ts";
import { sha256Hex } from "./files.ts";

type Files = Provenance["files"];

/** Of the same results with another gpu.csv, the second is called by all three. */
const BASIC = ["metadata.json", "results.jsonl"];
const WITH_GPU = [...BASIC, "gpu.csv"];

/** The id of evidence. `apart`: another with the same metadata and results, and another gpu.csv, has it already. */
export function evidenceId(files: Files, apart = false): string {
  const digests = (apart ? WITH_GPU : BASIC).map((name) => digestOf(files, name));
  return sha256Hex(digests.join("\n")).slice(0, 16);
}

/** Whether a seal with these files may have this id. */
export function isIdOf(id: string, files: Files): boolean {
  return id === evidenceId(files) || id === evidenceId(files, true);
}

/** The SHA-256 that a seal tells of a file; empty where it tells of none. */
export function digestOf(files: Files, name: string): string {
  return files.find((file) => file.name === name)?.sha256 ?? "";
}
