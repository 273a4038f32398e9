// What an engine must offer: whether it answers, its models, a start, and a loaded model. Shared code never asks which engine it is.
import type { EngineName } from "../schema/names.ts";
import type { Clock } from "../lib/clock.ts";
import type { Env } from "../lib/env.ts";
import type { Job, JobOrder, Machine } from "../machines/machine.ts";
import type { EngineChoice, Workload } from "../schema/matrix.ts";
import type { Gauges } from "../schema/gauges.ts";
import type { Releases } from "../schema/releases.ts";

/** What engines need of the world; tests bring their own. */
export interface EngineWorld {
  /** Reaches what listens on the machine where the engine runs. */
  readonly fetch: typeof fetch;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The machine, where it is ours to change: an engine may be installed and started there. Null: it must already run. */
  readonly host: EngineHost | null;
  /** The user's OLLAMA_HOST, which says where Ollama listens on this computer; undefined when it is not set, and on another machine. */
  readonly ollama_host: string | undefined;
  /** The versions that are installed where a matrix asks for none. */
  readonly releases: Releases;
  /** Told when a pull begins and when it has ended. */
  readonly onPhase: (phase: "pull" | "load") => void;
  /** Told how many bytes of a pull have come. */
  readonly onPulled?: (bytes: number) => void;
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

/** A machine that is ours, as engines see it. */
export interface EngineHost extends Pick<Machine, "run" | "workdir"> {
  launch(order: JobOrder): Promise<Job>;
  /** GPUs that the machine has. */
  readonly gpu_count: number;
  /** The user's variables, of which the matrix hands some to the engine by name. Never written down. */
  readonly env: Env;
  /** A port that is likely free; those after it may be tried next. */
  readonly port: number;
}

/** A model in memory. Sizes are null where the engine does not tell. */
export interface Loaded {
  readonly size_bytes: number | null;
  readonly size_vram_bytes: number | null;
  /** Size of its weights alone. */
  readonly weights_bytes: number | null;
  /** Bytes that were fetched for it. */
  readonly pulled_bytes: number;
}

/** An engine that answers, at the latest when its model is loaded. Leaving its scope ends what was started for it, and nothing else. */
export interface RunningEngine extends AsyncDisposable {
  readonly url: string;
  readonly version: string | null;
  /** The last lines of its log, where it is ours. */
  lastWords?(): Promise<readonly string[]>;
  /** What the agent must know to talk to it. */
  readonly agentEnv: Readonly<Record<string, string>>;
}

export interface Engine {
  readonly name: EngineName;
  /** Where it can work: installed on any machine that is ours, found wherever it already runs, or on this computer alone. */
  readonly reach: "installs" | "finds" | "local";
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
  /** A small model by which a machine is tried before anything large is fetched. Where there is none, the first model of the work is taken. */
  readonly canary?: string;
  /** Decodes one request with a loaded model; tokens/s, null when the engine does not say enough. */
  decode?(
    running: RunningEngine,
    model: string,
    capacity: Pick<Workload, "context_tokens">,
    world: EngineWorld,
  ): Promise<number | null>;
  /** Whether it still answers. */
  healthy(running: RunningEngine, world: EngineWorld): Promise<boolean>;
  /** Makes `model` ready to answer at once; a UserError says why it cannot. */
  load(
    running: RunningEngine,
    model: string,
    capacity: Pick<Workload, "context_tokens">,
    world: EngineWorld,
  ): Promise<Loaded>;
  /** What it counts at this moment; a UserError when it does not tell. */
  scrape?(running: RunningEngine, world: EngineWorld): Promise<Gauges>;
  /** Frees the model's memory where the engine can. Never throws. */
  unload(running: RunningEngine, model: string, world: EngineWorld): Promise<void>;
  /** Why it can never serve a model of this name; null when it may. Pure. */
  canServe(model: string): string | null;
}
