// The specification's directory: results.jsonl, metadata.json, gpu.csv and what our agent adds. Taken in as it is, but for local paths.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { exists, NOT_THERE, whyNoFile } from "../lib/files.ts";
import { EVIDENCE_FILES, type EvidenceFileName, isAgentFile } from "../schema/evidence_files.ts";
import { copyCleaned, removerFor } from "./cleaned.ts";
import type { Importer } from "./importer.ts";

const NEEDED = ["results.jsonl", "metadata.json"] as const;
/** A folder full of other things is not listed to its end. */
const MOST_NAMED = 20;

export const almanac: Importer = {
  name: "almanac",
  origin: "measured",

  async recognises(dir) {
    return await exists(join(dir, "results.jsonl")) || await exists(join(dir, "metadata.json"));
  },

  async convert(dir, out) {
    const names = (await Array.fromAsync(Deno.readDir(dir))).map((item) => item.name).sort();
    for (const name of NEEDED) await refuseOdd(dir, name);
    const remove = await removerFor(join(dir, "metadata.json"));
    const notes: string[] = [];
    const strangers: string[] = [];
    for (const name of names) {
      if (!isAgentFile(name)) {
        strangers.push(name);
        continue;
      }
      const why = await whyLeft(dir, name);
      const note = why === null
        ? await copyCleaned(join(dir, name), join(out, name), remove)
        : `${name} was left where it is: ${why}`;
      if (note !== null) notes.push(note);
    }
    return [...notes, ...inWords(strangers)];
  },
};

/** Before anything of the directory is read: a UserError when a file that it needs cannot be taken. One that is missing is told of by its seal. */
async function refuseOdd(dir: string, name: EvidenceFileName): Promise<void> {
  const why = await whyLeft(dir, name);
  if (why === null || why === NOT_THERE) return;
  throw new UserError(
    `Cannot read ${join(dir, name)}: ${why}`,
    "Put the file itself there, as it was written.",
  );
}

/** Why a file of evidence cannot be taken; null when it can. */
async function whyLeft(dir: string, name: EvidenceFileName): Promise<string | null> {
  const none = await whyNoFile(join(dir, name));
  if (none !== null) return none;
  const { size } = await Deno.lstat(join(dir, name));
  const { most_bytes } = EVIDENCE_FILES[name];
  return size <= most_bytes ? null : `it has ${size} bytes, at most ${most_bytes} are taken`;
}

/** What lies there besides evidence. */
function inWords(strangers: readonly string[]): string[] {
  if (strangers.length === 0) return [];
  const more = strangers.length - MOST_NAMED;
  const names = strangers.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return [`left where they are, since they are no files of evidence: ${names}`];
}
