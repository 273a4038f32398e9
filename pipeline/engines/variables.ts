// Variables of the user that a matrix hands to an engine by name. Their values reach its process, and nothing that is kept.
import { withoutKey } from "../lib/api_key.ts";
import type { Job, JobOrder } from "../machines/machine.ts";
import type { EngineHost } from "./engine.ts";

/** Starts a job that is given the variables of these names; what it prints is told without their values. */
export async function launchWithVariables(
  names: readonly string[],
  order: JobOrder,
  { launch, env }: EngineHost,
): Promise<Job> {
  // Files of variables end their lines in more than one way.
  const told = names.map((name) => [name, env(name)?.replace(/[\r\n]+$/, "")] as const);
  const variables = Object.fromEntries(
    told.flatMap(([name, value]) => value === undefined ? [] : [[name, value]]),
  );
  const job = await launch({ ...order, env: { ...variables, ...order.env } });
  const values = Object.values(variables);
  if (values.length === 0) return job;
  const clean = (lines: readonly string[]) =>
    lines.map((line) => values.reduce((rest, value) => withoutKey(rest, value), line));
  return {
    stop: () => job.stop(),
    poll: async () => {
      const view = await job.poll();
      return { ...view, out: clean(view.out), err: clean(view.err) };
    },
  };
}
