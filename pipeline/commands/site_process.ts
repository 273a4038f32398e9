// The site is built in a process of its own: what Astro loads needs every permission, and is to see none of our keys.
import { join } from "node:path";
import { StoppedError, UserError } from "../errors.ts";
import { runCommand } from "../lib/shell.ts";
import type { Paths } from "../paths.ts";

/** Of what it said last. */
const KEPT_LINES = 20;

/** Builds the site of a root; whoever calls holds the root's lock. A UserError carries what the builder said. */
export async function buildSiteApart(
  { repository, root }: Paths,
  log: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const words: string[] = [];
  const own = [
    "--quiet",
    "--no-prompt",
    "--node-modules-dir=manual",
    "--config",
    join(repository, "deno.json"),
  ];
  const command = [Deno.execPath(), "run", "-A", ...own, join(repository, "site", "main.ts"), root];
  const code = await runCommand(command, {
    signal,
    also: ["fetches"],
    onStderr: (line) => {
      words.push(line);
      if (words.length > KEPT_LINES) words.shift();
    },
  }).catch((error) => {
    throw signal.aborted ? new StoppedError("stopped while the site was being built") : error;
  });
  if (code === 0) return words.forEach(log);
  const [hint = "Build it by itself: `deno task build-site`.", message] = [...words].reverse();
  throw new UserError(message ?? `Cannot build the site: its builder ended with ${code}`, hint);
}
