// A machine gets the agent and a reachable engine.
import { join } from "node:path";
import type { RunningEngine } from "../engines/engine.ts";
import { engines } from "../engines/mod.ts";
import { bundleAgent } from "../lib/bundle.ts";
import type { Sitting } from "../plan/leases.ts";
import type { Machine } from "../providers/provider.ts";
import type { StageContext } from "./context.ts";

export interface Ready extends AsyncDisposable {
  readonly engine: RunningEngine;
  /** Where the agent's bundle lies on the machine. */
  readonly agent: string;
}

/** Puts the agent on the machine and starts, or finds, the engine of the sitting. */
export async function setup(machine: Machine, sitting: Sitting, context: StageContext): Promise<Ready> {
  const [first] = sitting.entries;
  if (first === undefined) throw new TypeError("a sitting has at least one entry");
  const agent = join(machine.workdir, "agent.js");
  const bundle = join(context.run_dir, "agent.js");
  await bundleAgent(context.paths, bundle);
  await machine.upload(bundle, agent);
  const engine = await engines[first.engine.name].start(
    first.engine,
    first.model,
    sitting.capacity,
    context.engineWorld,
  );
  return { engine, agent, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
}
