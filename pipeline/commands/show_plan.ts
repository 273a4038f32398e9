// What is shown of a plan before anything is rented, by `plan` and `run-matrix` alike.
import type { Shell } from "../main.ts";
import { renderHandedOver, renderInstalls, renderListed, renderModels, renderPlan } from "../query/plan.ts";
import type { Asked } from "../run/mod.ts";
import type { World } from "../run/world.ts";

/** Prints leases, what prices stand for, models, installations and the variables that go to strangers' hosts. */
export function showPlan(
  { prepared: { plan, listed, models }, spent }: Asked,
  { releases }: Pick<World, "releases">,
  { print, width }: Shell,
): void {
  print(renderPlan(plan, spent, width));
  print(renderListed(listed));
  print(renderModels(models));
  print(renderInstalls(plan.leases, releases));
  print(renderHandedOver(plan.leases));
}
