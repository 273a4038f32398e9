// plan: what a matrix would rent, in which order, for how much and how long. Rents and writes nothing.
import { createBoard } from "../run/board.ts";
import { planMatrix } from "../run/mod.ts";
import { renderHandedOver, renderInstalls, renderListed, renderModels, renderPlan } from "../query/plan.ts";
import type { Shell } from "../main.ts";
import { matrixPath, worldOf } from "./matrix.ts";
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
export async function planCommand(
  options: PlanCommandOptions,
  { paths, log, print, width }: Shell,
): Promise<PlanExit> {
  using stop = stopOnSignals(() => log.info("stopping"));
  const matrix = await matrixPath(options.matrix, paths);
  await using world = await worldOf(matrix, options.resume, paths, log);
  const { prepared, spent } = await planMatrix({
    paths,
    matrix,
    ...(options.resume === undefined ? {} : { resume: options.resume }),
    signal: stop.signal,
    board: createBoard(log, null),
    world,
    parallel: options.parallel,
    allow_spill: options.allowSpill,
  });
  print(renderPlan(prepared.plan, spent, width));
  print(renderListed(prepared.listed));
  print(renderModels(prepared.models));
  print(renderInstalls(prepared.plan.leases, world.releases));
  print(renderHandedOver(prepared.plan.leases));
  return prepared.plan.leases.length === 0 ? 3 : 0;
}
