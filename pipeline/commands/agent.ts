// agent: the program that measures, as one file for a machine of your own.
import { resolve } from "node:path";
import { bundleAgent } from "../lib/bundle.ts";
import type { Shell } from "../main.ts";

/** Writes the bundle and says how it is used. */
export async function agentCommand({ file }: { file: string }, { paths, log, print }: Shell): Promise<void> {
  await bundleAgent(paths, resolve(file));
  print(`${file}\n`);
  log.info(
    `on the machine: MODEL=qwen2:7b DURATION=5m deno run -A ${file} (--help lists all settings); then here: deno task import bench_* --provider NAME`,
  );
}
