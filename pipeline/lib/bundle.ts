// Parts of the project as one file that runs alone: the agent, and what the pages do in a browser.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Paths } from "../paths.ts";
import { runCommand } from "./shell.ts";

/** Writes the agent's bundle to `file`. */
export function bundleAgent(paths: Paths, file: string): Promise<void> {
  return bundle(paths, "pipeline/agent/main.ts", file, []);
}

/** Writes the pages' script to `file`: a classic script, since browsers load no module from a folder on disk. */
export function bundlePageScript(paths: Paths, file: string): Promise<void> {
  return bundle(paths, "site/src/browser/main.ts", file, ["--platform=browser", "--format=iife", "--minify"]);
}

async function bundle(
  { repository }: Paths,
  source: string,
  file: string,
  options: readonly string[],
): Promise<void> {
  const words: string[] = [];
  const config = ["--config", join(repository, "deno.json")];
  const command = [Deno.execPath(), "bundle", "--quiet", ...config, ...options, "-o", file];
  const code = await runCommand([...command, join(repository, source)], {
    onStderr: (line) => words.push(line),
  });
  if (code === 0) return;
  throw new UserError(
    `Cannot bundle ${source} into ${file}: ${words.join(" ")}`,
    "Check that deno install has run, that the folder may be written and that the disk is not full.",
  );
}
