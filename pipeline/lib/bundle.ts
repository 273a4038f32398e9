// Parts of the project as one file that runs alone: the agent, and what the pages do in a browser.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Paths } from "../paths.ts";
import { runCommand } from "./shell.ts";

/** Writes the agent's bundle to `file`. */
export function bundleAgent(paths: Paths, file: string): Promise<void> {
  return bundle(paths, "pipeline/agent/main.ts", file, ["-o"]);
}

/** Writes the pages' script to `file`: a classic script, since browsers load no module from a folder on disk. */
export function bundlePageScript(paths: Paths, file: string): Promise<void> {
  return bundle(paths, "site/src/browser/main.ts", file, [...BROWSER, "--format=iife", "-o"]);
}

/** Writes the scripts of the SQL page below `folder`: modules, of which some are loaded when they are needed. */
export function bundleSqlScripts(paths: Paths, folder: string): Promise<void> {
  return bundle(paths, "site/src/sql_page/main.ts", folder, [...BROWSER, "--code-splitting", "--outdir"]);
}

const BROWSER = ["--platform=browser", "--minify"];

/** The last of `options` names what `to` is. */
async function bundle(
  { repository }: Paths,
  source: string,
  to: string,
  options: readonly string[],
): Promise<void> {
  const words: string[] = [];
  const config = ["--config", join(repository, "deno.json")];
  const command = [Deno.execPath(), "bundle", "--quiet", ...config, ...options, to];
  const code = await runCommand([...command, join(repository, source)], {
    also: ["fetches"],
    onStderr: (line) => words.push(line),
  });
  if (code === 0) return;
  throw new UserError(
    `Cannot bundle ${source} into ${to}: ${words.join(" ") || `the bundler ended with ${code}`}`,
    "Check that deno install has run, that its folder may be written and that the disk is not full.",
  );
}
