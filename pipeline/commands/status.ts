// status: the manifest of a run and its machines, folded from its journals.
import { UserError } from "../errors.ts";
import { isLocked } from "../lib/lock.ts";
import { renderMachines, renderManifest } from "../query/render.ts";
import { rootOption } from "../run/hints.ts";
import { begunRuns, readNamedRun } from "../run/journal.ts";
import { costOfRun } from "../schema/fold.ts";
import { foldMachines } from "../schema/machine.ts";
import type { Shell } from "../main.ts";
import { renderCost } from "../query/plan.ts";

/** Prints a run's manifest; with `watch`, again every two seconds as long as somebody works on what is pending or running. */
export async function statusCommand(options: { run?: string; watch: boolean }, shell: Shell): Promise<void> {
  const run = options.run ?? await newestRun(shell.paths.runs);
  const warned = new Set<string>();
  const onceOnly = (message: string) => {
    if (!warned.has(message)) shell.log.warn(message);
    warned.add(message);
  };
  for (;;) {
    const { rows, lines, machines } = await readNamedRun(
      "show",
      run,
      shell.paths.runs,
      onceOnly,
    );
    const records = foldMachines(machines);
    if (options.watch && Deno.stdout.isTerminal()) shell.clear();
    const cost = costOfRun(lines, records, Date.now());
    const { width } = shell;
    const table = renderManifest(rows, width) + renderMachines(records, width);
    shell.print(`run ${run}\n${table}${renderCost(cost)}`);
    if (rows.every((row) => row.status !== "pending" && row.status !== "running")) return;
    if (!await isLocked(shell.paths.root)) {
      shell.log.info(
        `nobody is at work on this run; go on with: deno task run-matrix --resume ${run}${
          rootOption(shell.paths)
        }`,
      );
      return;
    }
    if (!options.watch) return;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function newestRun(runs: string): Promise<string> {
  const newest = (await begunRuns(runs)).at(-1);
  if (newest !== undefined) return newest;
  throw new UserError(
    `Cannot show a run: there is none in ${runs}`,
    "Start one with `deno task run-matrix`.",
  );
}
