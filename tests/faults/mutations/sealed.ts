// Evidence that lies sealed is spoilt: its files are changed, with or without a seal that fits them again, or the seal itself is.
import { join } from "node:path";
import { evidenceId } from "../../../pipeline/lib/evidence_id.ts";
import { sha256Hex } from "../../../pipeline/lib/files.ts";
import type { Chance } from "../chance.ts";
import { below, change, valued } from "./mutate.ts";

const ENCODER = new TextEncoder();

/** Spoils every tenth of the directories below `raw`, and gives their names. */
export async function spoilSealed(
  raw: string,
  directories: readonly string[],
  next: Chance,
): Promise<Set<string>> {
  const spoilt = directories.filter((_, index) => index % 10 === 0);
  for (const raw_dir of spoilt) {
    const dir = join(raw, raw_dir);
    const seal = join(dir, "provenance.json");
    const text = await Deno.readTextFile(seal);
    const kind = below(4, next);
    if (kind === 0) await Deno.writeTextFile(seal, text.slice(0, below(text.length, next)));
    if (kind === 1) {
      await Deno.writeFile(join(dir, "results.jsonl"), ENCODER.encode('{"t":1}\n'), { append: true });
    }
    if (kind >= 2) await Deno.writeTextFile(seal, await sealedAnew(dir, text, next));
  }
  return new Set(spoilt);
}

/** Changes a value of one file, as an older version might have sealed it, and gives the seal that fits. */
async function sealedAnew(dir: string, seal: string, next: Chance): Promise<string> {
  const provenance = JSON.parse(seal);
  const name = below(2, next) === 0 ? "results.jsonl" : "metadata.json";
  const files = new Map([[name, await Deno.readFile(join(dir, name))]]);
  change(files, name, (text) => valued(text, next));
  const bytes = files.get(name) ?? new Uint8Array();
  await Deno.writeFile(join(dir, name), bytes);
  for (const file of provenance.files) {
    if (file.name === name) Object.assign(file, { bytes: bytes.length, sha256: sha256Hex(bytes) });
  }
  return JSON.stringify({ ...provenance, evidence_id: evidenceId(provenance.files) });
}
