// The agent's settings as it works with them, checked at the door.
import { serverUrl, usualUrl, withoutSlash } from "../schema/engine_address.ts";
import type { GaugeNames } from "../schema/gauges.ts";
import { type Load, type ORDERS, usualSettle } from "../schema/load.ts";
import type { EngineName } from "../schema/names.ts";
import { check } from "../schema/parse.ts";
import { longest, type Prompts } from "../schema/prompts.ts";
import type { RuntimeInstall } from "../schema/runtime_install.ts";
import { misspelt } from "./misspelt.ts";
import { EXAMPLE, SETTINGS, Settings } from "./settings.ts";

export interface Config {
  readonly model: string;
  readonly engine: EngineName;
  /** Without a slash at its end; Ollama's without the version of an API. */
  readonly url: string;
  readonly api: "chat" | "completions";
  readonly api_key: string | null;
  /** Name to publish as the runtime; null: what the engine is. */
  readonly runtime: string | null;
  /** Flags that the engine was started with; null: not known. */
  readonly engine_flags: readonly string[] | null;
  /** How the engine came to its machine; null: not known. */
  readonly engine_install: RuntimeInstall | null;
  /** Empties the engine's prompt cache when POSTed to; null: there is no such route. */
  readonly reset_url: string | null;
  /** Where the engine tells its counters, and under which names; null: it does not. */
  readonly metrics: { readonly url: string; readonly names: GaugeNames } | null;
  readonly duration_seconds: number;
  /** Levels of a closed loop; undefined where `load` says more. */
  readonly concurrency: readonly number[] | undefined;
  readonly load: Load | undefined;
  /** Limits that a ladder's levels keep. */
  readonly slo: { readonly ttft_ms?: number | undefined; readonly tpot_ms?: number | undefined };
  /** The load is on for so long before each window. */
  readonly settle_seconds: number;
  /** A window goes on until so many of its requests have ended. */
  readonly least_requests: number;
  readonly order: typeof ORDERS[number];
  /** Whether the first level is measured once more at the end. */
  readonly repeat_first: boolean;
  /** Of everything that is random. */
  readonly seed: number;
  /** The most that any request asks for. */
  readonly max_tokens: number;
  readonly prompts: Prompts;
  readonly warmup_requests: number;
  readonly context_tokens: number;
  readonly timeout_seconds: number;
  /** Folder for the evidence. */
  readonly out: string;
  /** Threads that read answers; null: as the load needs. */
  readonly shards: number | null;
  /** Whether the times of all frames with text are kept, in chunks.jsonl. */
  readonly chunks: boolean;
  /** Progress as JSON lines on stdout instead of words on stderr. */
  readonly progress_json: boolean;
  /** Calibrate the client first, about seven seconds, and leave calibration.json. */
  readonly calibrate: boolean;
  /** File that keeps a calibration of this machine for the runs that follow; null: none. */
  readonly calibration: string | null;
}

/** Cannot go on: `exitCode` 1 failed, 2 wrong settings. */
export class AgentError extends Error {
  override readonly name = "AgentError";

  constructor(message: string, readonly exitCode: 1 | 2 = 1) {
    super(message);
  }
}

/**
 * The settings in `env`; `now` names the folder when OUT does not. An AgentError names every fault, and every variable of `names`
 * that may be a setting under a wrong name: without it something else would be measured than was asked for.
 */
export function readConfig(
  env: Readonly<Record<string, string>>,
  now: Date,
  names: readonly string[] = [],
): Config {
  const wrong = misspelt(names, SETTINGS.map(({ name }) => name)).map(({ name, meant }) =>
    `${name}: no setting has this name (did you mean ${meant}?)`
  );
  const checked = check(Settings, env);
  const faults = [...wrong, ..."faults" in checked ? checked.faults : []];
  if (!("value" in checked) || faults.length > 0) {
    const unset = wrong.length === 0 ? "" : "Write it so, or take it out of the environment. ";
    throw new AgentError(
      `Cannot start the agent: ${faults.join("; ")}. ${unset}` +
        `For example: ${EXAMPLE} (--help lists all settings)`,
      2,
    );
  }
  const set = checked.value;
  return {
    model: set.MODEL,
    engine: set.ENGINE,
    url: urlOf(set),
    api: set.API,
    api_key: set.API_KEY || null,
    runtime: set.RUNTIME ?? null,
    engine_flags: set.ENGINE_FLAGS ?? null,
    engine_install: set.ENGINE_INSTALL ?? null,
    reset_url: set.RESET_URL ?? null,
    metrics: set.METRICS_URL === undefined || set.METRICS_NAMES === undefined
      ? null
      : { url: set.METRICS_URL, names: set.METRICS_NAMES },
    duration_seconds: set.DURATION,
    concurrency: set.LOAD === undefined ? set.CONCURRENCY ?? [1] : undefined,
    load: set.LOAD,
    slo: set.LOAD?.kind === "ladder" ? set.LOAD : {},
    settle_seconds: set.SETTLE ?? usualSettle(set.LOAD, set.DURATION),
    least_requests: set.LEAST_REQUESTS,
    order: set.ORDER,
    repeat_first: set.REPEAT_FIRST === "1",
    seed: set.SEED ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
    max_tokens: longest(set.PROMPTS)?.output ?? set.MAX_TOKENS,
    prompts: set.PROMPTS,
    warmup_requests: set.WARMUP,
    context_tokens: set.CONTEXT,
    timeout_seconds: set.TIMEOUT,
    out: set.OUT ?? `bench_${now.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "_")}`,
    shards: set.SHARDS ?? null,
    chunks: set.CHUNKS === "1",
    progress_json: set.PROGRESS === "json",
    calibrate: set.CALIBRATE === "1",
    calibration: set.CALIBRATION ?? null,
  };
}

function urlOf({ ENGINE, URL, OLLAMA_HOST }: Settings): string {
  const url = URL ?? usualUrl(ENGINE, OLLAMA_HOST) ?? "";
  return ENGINE === "ollama" ? serverUrl(url) : withoutSlash(url);
}
