// What every stage is given besides its own input.
import type { EngineWorld } from "../engines/engine.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import type { Tally } from "../schema/tally.ts";

export interface StageContext {
  readonly paths: Paths;
  readonly run_id: string;
  readonly run_dir: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly engineWorld: EngineWorld;
  /** Shows how the work at hand goes on; only a terminal draws it. */
  readonly progress: (tally: Tally) => void;
}
