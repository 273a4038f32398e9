// Evidence copied from folder to folder: the files that it may consist of, and nothing else.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { EVIDENCE_FILES, isAgentFile, isEvidenceFile } from "../schema/evidence_files.ts";

/**
 * Copies the files of evidence in `from`, or those of the agent alone; no folder, no link and nothing of another name. Returns
 * the names of what was left out. NotFound when `from` is not there; a UserError names a file that is larger than it can be.
 */
export async function copyEvidence(
  from: string,
  to: string,
  which: "agent" | "all",
): Promise<string[]> {
  const isWanted = which === "agent" ? isAgentFile : isEvidenceFile;
  const items = await Array.fromAsync(Deno.readDir(from));
  const [wanted, left] = [[] as string[], [] as string[]];
  for (const { name, isFile } of items) (isFile && isWanted(name) ? wanted : left).push(name);
  for (const name of wanted) await refuseLarge(from, name);
  if (from !== to) {
    await Deno.mkdir(to, { recursive: true });
    for (const name of wanted) await Deno.copyFile(join(from, name), join(to, name));
  }
  return left.filter((name) => !isEvidenceFile(name.replace(/\.(tmp|part)$/, "")));
}

async function refuseLarge(folder: string, name: string): Promise<void> {
  const { size } = await Deno.stat(join(folder, name));
  const { most_bytes } = EVIDENCE_FILES[name as keyof typeof EVIDENCE_FILES];
  if (size <= most_bytes) return;
  throw new UserError(
    `Cannot take ${
      join(folder, name)
    }: it has ${size} bytes, and evidence has at most ${most_bytes} in such a file`,
    "Look at what wrote it; the agent writes less.",
  );
}
