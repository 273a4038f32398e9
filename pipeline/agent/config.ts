// The agent's settings: environment variables, checked at the door.
import { z } from "zod";
import { GaugeNames } from "../schema/gauges.ts";
import { Load, loadFaults, ORDERS, Seed, usualSettle } from "../schema/load.ts";
import { type EngineName, ENGINES } from "../schema/names.ts";
import { check } from "../schema/parse.ts";
import { longest, Prompts, STANDARD, whyTooLong } from "../schema/prompts.ts";
import { RuntimeInstall } from "../schema/runtime_install.ts";

const number = (least: number) => z.coerce.number().min(least);
const levels = z.string().transform((text) => text.split(",").map(Number))
  .pipe(z.array(z.int().min(1)).min(1));
const json = z.string().transform((text, { addIssue }) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    addIssue({ code: "custom", message: "it is not JSON" });
    return z.NEVER;
  }
});

const Settings = z.object({
  MODEL: z.string().min(1),
  ENGINE: z.enum(ENGINES).default("ollama"),
  URL: z.url({ protocol: /^https?$/ }).default("http://127.0.0.1:11434"),
  API: z.enum(["chat", "completions"]).default("chat"),
  API_KEY: z.string().trim().optional(),
  RUNTIME: z.string().optional(),
  ENGINE_FLAGS: json.pipe(z.array(z.string())).optional(),
  ENGINE_INSTALL: json.pipe(RuntimeInstall).optional(),
  RESET_URL: z.url({ protocol: /^https?$/ }).optional(),
  METRICS_URL: z.url({ protocol: /^https?$/ }).optional(),
  METRICS_NAMES: json.pipe(GaugeNames).optional(),
  DURATION: number(0.001).default(300),
  CONCURRENCY: levels.optional(),
  LOAD: json.pipe(Load).optional(),
  SETTLE: number(0).optional(),
  LEAST_REQUESTS: number(0).default(0),
  ORDER: z.enum(ORDERS).default("random"),
  REPEAT_FIRST: z.enum(["0", "1"]).default("1"),
  SEED: z.coerce.number().pipe(Seed).optional(),
  MAX_TOKENS: number(1).default(256),
  PROMPTS: json.pipe(Prompts).default(STANDARD),
  WARMUP: number(0).default(2),
  CONTEXT: number(1).default(2048),
  TIMEOUT: number(0.001).default(120),
  OUT: z.string().min(1).optional(),
  SHARDS: z.coerce.number().pipe(z.int().min(1)).optional(),
  CHUNKS: z.enum(["0", "1"]).default("1"),
  PROGRESS: z.literal("json").optional(),
  CALIBRATE: z.enum(["0", "1"]).default("0"),
  CALIBRATION: z.string().min(1).optional(),
}).superRefine((set, { addIssue }) => {
  const { CONCURRENCY: concurrency, LOAD: load, LEAST_REQUESTS: least_requests, PROMPTS, CONTEXT } = set;
  for (const fault of loadFaults({ concurrency, load, least_requests })) {
    addIssue({ code: "custom", message: fault });
  }
  const message = whyTooLong(PROMPTS, CONTEXT);
  if (message !== null) addIssue({ code: "custom", path: ["CONTEXT"], message });
  if ((set.METRICS_URL === undefined) !== (set.METRICS_NAMES === undefined)) {
    const message = "METRICS_URL and METRICS_NAMES are given together or not at all";
    addIssue({ code: "custom", path: ["METRICS_URL"], message });
  }
});

/** The variables that are read. */
export const SETTINGS = Object.keys(Settings.shape);

export interface Config {
  readonly model: string;
  readonly engine: EngineName;
  /** Without a slash at its end. */
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

/** The settings in `env`; `now` names the folder when OUT does not. An AgentError names every fault. */
export function readConfig(env: Readonly<Record<string, string>>, now: Date): Config {
  const checked = check(Settings, env);
  if ("faults" in checked) {
    throw new AgentError(
      `Cannot start the agent: ${checked.faults.join("; ")}. ` +
        "For example: MODEL=qwen2:7b DURATION=300 deno run -A agent.js",
      2,
    );
  }
  const set = checked.value;
  return {
    model: set.MODEL,
    engine: set.ENGINE,
    url: set.URL.replace(/\/+$/, ""),
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
