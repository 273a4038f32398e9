// What an engine must offer: whether it answers, its models, a start, and a loaded model. Shared code never asks which engine it is.
import type { EngineName } from "../schema/names.ts";
import type { EngineChoice, Workload } from "../schema/matrix.ts";

/** What engines need of the world; tests bring their own. */
export interface EngineWorld {
  readonly fetch: typeof fetch;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
  /** Where model files may be written. */
  readonly modelsDir: string;
  /** Starts the embedded engine's server process. */
  readonly startEmbedded: StartEmbedded;
}

export interface EmbeddedOptions {
  readonly model: string;
  /** Requests served at the same time. */
  readonly slots: number;
  /** Tokens each slot holds. */
  readonly context: number;
  readonly modelsDir: string;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

export type StartEmbedded = (
  options: EmbeddedOptions,
) => Promise<AsyncDisposable & { readonly url: string; readonly version: string }>;

/** An engine that answers. Leaving its scope ends what was started for it, and nothing else. */
export interface RunningEngine extends AsyncDisposable {
  readonly url: string;
  readonly version: string | null;
  /** What the agent must know to talk to it. */
  readonly agentEnv: Readonly<Record<string, string>>;
}

export interface Engine {
  readonly name: EngineName;
  /** Where it listens when a matrix does not say; null when it is started for the run. */
  readonly defaultUrl: string | null;
  /** Its version when it answers on this machine; null when nobody does. */
  answers(choice: EngineChoice, world: EngineWorld): Promise<{ readonly version: string | null } | null>;
  /** The models it can serve without fetching anything. */
  installed(choice: EngineChoice, world: EngineWorld): Promise<string[]>;
  /** Finds or starts it, ready to load `model` for the load of `capacity`; a UserError says what was found. */
  start(
    choice: EngineChoice,
    model: string,
    capacity: Workload,
    world: EngineWorld,
  ): Promise<RunningEngine>;
  /** Makes `model` ready to answer at once; a UserError says why it cannot. */
  load(running: RunningEngine, model: string, capacity: Workload, world: EngineWorld): Promise<void>;
  /** Frees the model's memory where the engine can. Never throws. */
  unload(running: RunningEngine, model: string, world: EngineWorld): Promise<void>;
  /** Why it can never serve a model of this name; null when it may. Pure. */
  canServe(model: string): string | null;
}
