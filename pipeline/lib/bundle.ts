// The agent as one file that runs alone.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Paths } from "../paths.ts";
import { exists } from "./files.ts";
import { runCommand } from "./shell.ts";

/** Bundles the agent into `folder` once and returns the bundle's path. */
export async function bundleAgent(paths: Paths, folder: string): Promise<string> {
  const bundle = join(folder, "agent.js");
  if (await exists(bundle)) return bundle;
  const words: string[] = [];
  const config = join(paths.repository, "deno.json");
  const source = join(paths.repository, "pipeline", "agent", "main.ts");
  const command = [Deno.execPath(), "bundle", "--quiet", "--config", config, "-o", bundle, source];
  const code = await runCommand(command, { onStderr: (line) => words.push(line) });
  if (code !== 0) {
    throw new UserError(
      `Cannot bundle the agent: ${words.join(" ")}`,
      "Check that deno install has run and that the disk is not full.",
    );
  }
  return bundle;
}
