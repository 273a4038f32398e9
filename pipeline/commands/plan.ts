// plan: what a matrix would rent, in which order, for how much and how long. Rents and writes nothing.
import { createBoard } from "../run/board.ts";
import { planMatrix } from "../run/mod.ts";
import type { Shell } from "../main.ts";
import { matrixPath, worldOf } from "./matrix.ts";
import { showPlan } from "./show_plan.ts";
import { stopOnSignals } from "./signals.ts";

export interface PlanCommandOptions {
  readonly matrix: string;
  readonly resume?: string;
  readonly parallel: number;
  readonly allowSpill: boolean;
}

/** Exit codes: 0 there is something to work on, 3 nothing can be worked on. */
export type PlanExit = 0 | 3;

/** Prints the plan as tables. */
export async function planCommand(options: PlanCommandOptions, shell: Shell): Promise<PlanExit> {
  const { paths, log } = shell;
  using stop = stopOnSignals(() => log.info("stopping"));
  const matrix = await matrixPath(options.matrix, paths);
  await using world = await worldOf(matrix, options.resume, paths, log);
  const asked = await planMatrix({
    paths,
    matrix,
    ...(options.resume === undefined ? {} : { resume: options.resume }),
    signal: stop.signal,
    board: createBoard(log, null),
    world,
    parallel: options.parallel,
    allow_spill: options.allowSpill,
  });
  showPlan(asked, world, shell);
  return asked.prepared.plan.leases.length === 0 ? 3 : 0;
}
