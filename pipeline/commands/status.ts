// status: the manifest of a run and its machines, folded from its journals.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { renderMachines, renderManifest } from "../query/render.ts";
import { readRun } from "../run/journal.ts";
import { costOfRun } from "../schema/fold.ts";
import { foldMachines } from "../schema/machine.ts";
import type { Shell } from "../main.ts";
import { renderCost } from "../query/plan.ts";

/** Prints a run's manifest; with `watch`, again every two seconds until nothing is pending or running. */
export async function statusCommand(options: { run?: string; watch: boolean }, shell: Shell): Promise<void> {
  const run = options.run ?? await newestRun(shell.paths.runs);
  for (;;) {
    const { rows, lines, machines } = await readOrRefuse(join(shell.paths.runs, run), run);
    const records = foldMachines(machines);
    if (options.watch && Deno.stdout.isTerminal()) shell.print("\x1b[2J\x1b[H");
    const cost = costOfRun(lines, records, Date.now());
    shell.print(`run ${run}\n${renderManifest(rows)}${renderMachines(records)}${renderCost(cost)}`);
    if (!options.watch || rows.every((row) => row.status !== "pending" && row.status !== "running")) return;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function readOrRefuse(dir: string, run: string) {
  try {
    return await readRun(dir);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(
      `Cannot show run ${run}: there is no ${join(dir, "journal.jsonl")}`,
      "Name a folder of runs/, or none for the newest.",
      { exitCode: 2 },
    );
  }
}

async function newestRun(runs: string): Promise<string> {
  const names: string[] = [];
  try {
    for await (const item of Deno.readDir(runs)) {
      if (item.isDirectory && /^\d{8}-\d{6}-/.test(item.name)) names.push(item.name);
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
  const newest = names.sort().at(-1);
  if (newest === undefined) {
    throw new UserError(
      `Cannot show a run: there is none in ${runs}`,
      "Start one with `deno task run-matrix`.",
    );
  }
  return newest;
}
