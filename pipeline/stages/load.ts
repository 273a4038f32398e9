// The engine gets the model: pulled when it is missing, and held in memory.
import { engines } from "../engines/mod.ts";
import type { Sitting } from "../plan/leases.ts";
import type { Ready } from "./setup.ts";
import type { StageContext } from "./context.ts";

/** Loads the sitting's model; leaving the returned scope frees the engine's memory, as far as it can. */
export async function load(ready: Ready, sitting: Sitting, context: StageContext): Promise<AsyncDisposable> {
  const [first] = sitting.entries;
  if (first === undefined) throw new TypeError("a sitting has at least one entry");
  const engine = engines[first.engine.name];
  await engine.load(ready.engine, first.model, sitting.capacity, context.engineWorld);
  return { [Symbol.asyncDispose]: () => engine.unload(ready.engine, first.model, context.engineWorld) };
}
