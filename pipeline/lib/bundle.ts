// The agent as one file that runs alone.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Paths } from "../paths.ts";
import { runCommand } from "./shell.ts";

/** Writes the agent's bundle to `file`. */
export async function bundleAgent({ repository }: Paths, file: string): Promise<void> {
  const words: string[] = [];
  const config = join(repository, "deno.json");
  const source = join(repository, "pipeline", "agent", "main.ts");
  const command = [Deno.execPath(), "bundle", "--quiet", "--config", config, "-o", file, source];
  const code = await runCommand(command, { onStderr: (line) => words.push(line) });
  if (code === 0) return;
  throw new UserError(
    `Cannot bundle the agent into ${file}: ${words.join(" ")}`,
    "Check that deno install has run, that the folder may be written and that the disk is not full.",
  );
}
