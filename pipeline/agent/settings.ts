// The agent's settings: the environment variables that it reads, each with what it means. Help and README tell this same table.
import { z } from "zod";
import { ollamaUrl, usualUrl } from "../schema/engine_address.ts";
import { GaugeNames } from "../schema/gauges.ts";
import { Load, loadFaults, ORDERS, Seed } from "../schema/load.ts";
import { ENGINES } from "../schema/names.ts";
import { Prompts, STANDARD, whyTooLong } from "../schema/prompts.ts";
import { RuntimeInstall } from "../schema/runtime_install.ts";
import { SECONDS_FORMS, secondsIn } from "../schema/seconds.ts";

/** How the agent is started. */
export const EXAMPLE = "MODEL=qwen2:7b DURATION=5m deno run -A agent.js";

const number = (least: number) => z.coerce.number().min(least);
const seconds = (least: number) =>
  z.string().transform((text, { addIssue }) => {
    const told = secondsIn(text);
    if (told !== null) return told;
    addIssue({ code: "custom", message: `it is ${JSON.stringify(text)}, it must be ${SECONDS_FORMS}` });
    return z.NEVER;
  }).pipe(z.number().min(least));
const levels = z.string().transform((text, { addIssue }) => {
  const told = text.split(",").map((level) => level.trim());
  if (told.every((level) => /^\d+$/.test(level))) return told.map(Number);
  addIssue({
    code: "custom",
    message: `it is ${JSON.stringify(text)}, it must be whole numbers such as 1,16`,
  });
  return z.NEVER;
}).pipe(z.array(z.int().min(1)).min(1));
const json = z.string().transform((text, { addIssue }) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    addIssue({ code: "custom", message: "it is not JSON" });
    return z.NEVER;
  }
});
const url = z.url({ protocol: /^https?$/ });
const either = z.enum(["0", "1"]);

/** `usual` says the default where it is no value of its own. */
export const Settings = z.object({
  MODEL: z.string().min(1).meta({ description: "Model as the engine knows it", example: "qwen2:7b" }),
  ENGINE: z.enum(ENGINES).default("ollama").meta({
    description: `What serves it: ${ENGINES.join(", ")}`,
    example: "vllm",
  }),
  URL: url.optional().meta({
    description: "Where the engine answers",
    usual: "the engine's usual port on this machine; of ollama what OLLAMA_HOST says",
    example: "http://192.0.2.10:8000",
  }),
  OLLAMA_HOST: z.string().optional().meta({
    description: "Where Ollama listens, as its own programs are told",
    usual: "127.0.0.1:11434",
    example: "127.0.0.1:11500",
  }),
  API: z.enum(["chat", "completions"]).default("chat").meta({
    description: "OpenAI route that is measured: chat or completions; not of ollama",
    example: "completions",
  }),
  API_KEY: z.string().trim().optional().meta({
    description: "The endpoint's key; sent with every request and never written down",
    usual: "none",
    example: "sk-…",
  }),
  RUNTIME: z.string().optional().meta({
    description: "Name to publish as the runtime, for ENGINE=openai",
    usual: "what the engine says",
    example: "lmdeploy",
  }),
  DURATION: seconds(0.001).default(300).meta({
    description: "Measured window of each level",
    example: "5m",
  }),
  CONCURRENCY: levels.optional().meta({
    description: "Load levels: how many requests are in flight at once",
    usual: "1",
    example: "1,16",
  }),
  LOAD: json.pipe(Load).optional().meta({
    description: "Another load in the place of CONCURRENCY, as in a matrix",
    usual: "none",
    example: '{"kind": "poisson", "rates": [2]}',
  }),
  PROMPTS: json.pipe(Prompts).default(STANDARD).meta({
    description: "What is asked, as in a matrix",
    example: '{"kind": "fixed", "input_tokens": 512, "output_tokens": 128}',
  }),
  MAX_TOKENS: number(1).default(256).meta({
    description: "Most tokens of an answer to the standard prompts; others say so themselves",
    example: "512",
  }),
  CONTEXT: number(1).default(2048).meta({
    description: "Context length asked of the engine, tokens per request",
    example: "8192",
  }),
  WARMUP: number(0).default(2).meta({
    description: "Requests before each window that are not counted",
    example: "5",
  }),
  TIMEOUT: seconds(0.001).default(120).meta({
    description: "A request that takes longer is an error",
    example: "2m",
  }),
  SETTLE: seconds(0).optional().meta({
    description: "The load is on for so long before each window",
    usual: "0; in a ladder a tenth of the window",
    example: "30s",
  }),
  LEAST_REQUESTS: number(0).default(0).meta({
    description: "A window goes on until so many requests have ended, at most five times as long",
    example: "100",
  }),
  ORDER: z.enum(ORDERS).default("random").meta({
    description: `Order of the levels: ${ORDERS.join(" or ")}`,
    example: "given",
  }),
  REPEAT_FIRST: either.default("1").meta({
    description: "1: of several levels the first is measured once more, which shows drift; 0: not",
    example: "0",
  }),
  SEED: z.coerce.number().pipe(Seed).optional().meta({
    description: "Of everything that is random",
    usual: "another each time, kept with the result",
    example: "7",
  }),
  OUT: z.string().min(1).optional().meta({
    description: "Folder for the evidence",
    usual: "bench_<time>",
    example: "bench_tower",
  }),
  CHUNKS: either.default("1").meta({
    description: "1: the time of every piece of text is kept, in chunks.jsonl; 0: not",
    example: "0",
  }),
  SHARDS: z.coerce.number().pipe(z.int().min(1)).optional().meta({
    description: "Threads that read answers",
    usual: "one, more above 256 requests at once where there are cores",
    example: "4",
  }),
  CALIBRATE: either.default("0").meta({
    description: "1: calibrates the load generator first, about seven seconds",
    example: "1",
  }),
  CALIBRATION: z.string().min(1).optional().meta({
    description: "File that keeps a calibration for 24 hours",
    usual: "none",
    example: "calibration.json",
  }),
  METRICS_URL: url.optional().meta({
    description: "Where the engine tells its counters; with METRICS_NAMES",
    usual: "not scraped",
    example: "http://127.0.0.1:8000/metrics",
  }),
  METRICS_NAMES: json.pipe(GaugeNames).optional().meta({
    description: "Names of these counters",
    usual: "not scraped",
    example:
      '{"running": ["vllm:num_requests_running"], "waiting": [], "generation_tokens": [], "prompt_tokens": [], "kv_usage": []}',
  }),
  RESET_URL: url.optional().meta({
    description: "Empties the engine's prompt cache before each level when POSTed to",
    usual: "none",
    example: "http://127.0.0.1:8000/reset_prefix_cache",
  }),
  ENGINE_FLAGS: json.pipe(z.array(z.string())).optional().meta({
    description: "Flags that the engine was started with, to be published",
    usual: "not known",
    example: '["--max-num-seqs", "16"]',
  }),
  ENGINE_INSTALL: json.pipe(RuntimeInstall).optional().meta({
    description: "How the engine came to its machine, as a run tells it",
    usual: "not known",
    example: '{"asked": null, "version": "0.40.2", "source": "running", "sha256": null}',
  }),
  PROGRESS: z.literal("json").optional().meta({
    description: "json: progress as JSON lines on stdout",
    usual: "words on stderr",
    example: "json",
  }),
}).superRefine((set, { addIssue }) => {
  const { CONCURRENCY: concurrency, LOAD: load, LEAST_REQUESTS: least_requests, PROMPTS, CONTEXT } = set;
  const refuse = (name: string, message: string) => addIssue({ code: "custom", path: [name], message });
  for (const message of loadFaults({ concurrency, load, least_requests })) {
    addIssue({ code: "custom", message });
  }
  const tooLong = whyTooLong(PROMPTS, CONTEXT);
  if (tooLong !== null) refuse("CONTEXT", tooLong);
  if ((set.METRICS_URL === undefined) !== (set.METRICS_NAMES === undefined)) {
    refuse("METRICS_URL", "METRICS_URL and METRICS_NAMES are given together or not at all");
  }
  if (set.URL !== undefined) return;
  if (usualUrl(set.ENGINE) === null) {
    refuse("URL", `it is missing, and ${set.ENGINE} has no usual port`);
  } else if (set.ENGINE === "ollama" && set.OLLAMA_HOST && ollamaUrl(set.OLLAMA_HOST) === null) {
    refuse("OLLAMA_HOST", "it is no address such as 127.0.0.1:11434");
  }
});
export type Settings = z.infer<typeof Settings>;

/** A row of the table, in words. */
export interface Setting {
  readonly name: string;
  readonly meaning: string;
  /** What holds where it is not set. */
  readonly usual: string;
  readonly example: string;
}

const Words = z.object({ description: z.string(), usual: z.string().optional(), example: z.string() });

export const SETTINGS: readonly Setting[] = Object.entries(Settings.shape).map(([name, schema]) => {
  const { description: meaning, usual, example } = Words.parse(schema.meta());
  return { name, meaning, usual: usual ?? usualOf(schema), example };
});

/** The default of a setting that has a value of its own. */
function usualOf(schema: z.ZodType): string {
  const { success, data } = schema.safeParse(undefined);
  if (!success) return "must be given";
  return typeof data === "object" ? JSON.stringify(data) : String(data);
}
