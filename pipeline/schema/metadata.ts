// metadata.json: what was tested, on what, how. Keys of the specification first; unknown keys are kept and ignored.
import { z } from "zod";
import { EngineSettings } from "./engine_settings.ts";
import { Load } from "./load.ts";
import { Weights } from "./names.ts";
import { BLANK, isBlank, plainName, plainText } from "./plain_text.ts";
import { Prompts } from "./prompts.ts";
import { RuntimeInstall } from "./runtime_install.ts";

const text = (what: string) => plainText().nullish().meta({ description: what });
/** What the database would take for a time with which it cannot reckon. */
const ENDLESS = /^\s*([+-]?inf|epoch|[+-]?\d{5,}[-/])/i;
const moment = (what: string) =>
  plainText().refine((told) => !ENDLESS.test(told), { error: "it is no time of this age" }).nullish().meta({
    description: what,
  });
export const LONGEST_FLAG = 500;
const MOST = 1e15;
const MOST_LEVEL = 1e6;
const MOST_SECONDS = 1e9;
const count = (what: string) => z.number().min(0).max(MOST).nullish().meta({ description: what });
/** Of a column that holds no larger one. */
const counted = (what: string, most: number) =>
  z.number().min(0).max(most).nullish().meta({ description: what });

export const HardwareMeta = z.object({
  gpu_name: plainText().refine((name) => !isBlank(name), BLANK).nullish().meta({
    description:
      "Name of the GPU as the driver gives it, of several kinds the names of all: `2 × A + B`; a machine without one is named by its processor.",
  }),
  gpu_memory_mib: count("Memory of one GPU, MiB; null without a GPU, or where they differ."),
  gpu_count: counted("Number of GPUs; 0 without one.", 1e4),
  gpu_names: z.array(plainText()).nullish().meta({
    description: "Names of all GPUs in their order, where they are not all of one kind.",
  }),
  mig_profiles: z.array(plainText()).nullish().meta({
    description: "Profiles of the MIG devices, such as `1g.10gb`; the driver tells no memory of one.",
  }),
  gpu_uuids: z.array(plainText()).nullish().meta({ description: "The driver's ids of the GPUs." }),
  driver_version: text("Version of the GPU driver."),
  cuda_version: text("CUDA version of the driver."),
  cpu_model: text("Processor name."),
  cpu_cores: counted("Logical processor cores.", 1e5),
  ram_gib: count("Main memory, GiB."),
}).meta({
  id: "HardwareMeta",
  description:
    "The machine under test; all null when the engine runs on a machine that the agent cannot look at.",
});

export const ModelMeta = z.object({
  name: plainName().meta({ description: "Model name as the engine knows it." }),
  runtime: text("Engine that served it: ollama, llama.cpp, vllm …"),
  runtime_version: text("Version of the engine, as it tells it."),
  runtime_install: RuntimeInstall.nullish(),
  size: z.union([plainText(), z.number().min(0).max(MOST)]).nullish().meta({
    description: "Size of the weights: bytes, or a text such as `4.4 GB`.",
  }),
  family: text("Architecture family."),
  parameter_count: count("Number of parameters."),
  quantization: text("Quantisation, e.g. Q4_0 or F16."),
  digest: text("Digest of the weights."),
  size_vram_bytes: count("Bytes of the loaded model that lie in GPU memory."),
  size_loaded_bytes: count("Bytes of the loaded model in all memories."),
  context_tokens: count("Context length in use, tokens."),
  weights: Weights.nullish(),
}).meta({ id: "ModelMeta", description: "The model under test." });

export const WorkloadMeta = z.object({
  label: plainName().meta({
    description: "Names the workload wherever results meet; those of different labels are never compared.",
  }),
  prompts: Prompts,
  length_enforced: z.boolean().meta({
    description: "Whether answers were held to their length beyond their natural end.",
  }),
  seed: z.int().meta({ description: "What lengths and texts were drawn with." }),
  nonce: z.string().meta({ description: "Stands at the front of every prompt, of each run another." }),
  tokens_per_word: count("Tokens of a word of generated text; with seed, nonce and n it gives every text."),
  fixed_tokens: count("Tokens of a prompt besides that text: chat template, nonce, question."),
  gauged_by: z.enum(["engine", "estimate"]).nullish().meta({
    description: "Whether the engine's own counts told these two, or they are an estimate.",
  }),
}).meta({ id: "WorkloadMeta", description: "What requests asked for." });

export const TestConfigMeta = z.object({
  duration_seconds: count("Planned window of each level, seconds."),
  max_tokens: counted("Most tokens a request may generate.", 1e9),
  prompts: z.array(z.unknown()).nullish().meta({ description: "The prompts used, of a fixed list." }),
  workload: WorkloadMeta.nullish(),
  concurrent_reqs: counted("Load level of a file whose lines carry none.", MOST_LEVEL),
  concurrency: z.array(z.number().max(MOST_LEVEL)).nullish().meta({
    description: "Load levels of a closed loop in the order they were run.",
  }),
  load: Load.nullish(),
  settle_seconds: count("Load before each window that is not counted, seconds."),
  seed: count("Seed of the order of levels and of the times of requests."),
  warmup_requests: counted("Warm-up requests before each level.", 1e9),
  temperature: count("Sampling temperature."),
  engine_flags: z.array(plainText(LONGEST_FLAG)).nullish().meta({
    description: "Flags that the engine was started with; null when it ran already or takes none.",
  }),
  engine_settings: EngineSettings.partial().nullish().meta({
    description: "What those flags say of settings that change its speed.",
  }),
}).meta({ id: "TestConfigMeta", description: "How it was tested." });

const own = (what: string) =>
  z.number().min(0).max(MOST).nullable().meta({ description: `${what}; null when not measured.` });

export const ClientHealth = z.object({
  loop_lag_p50_ms: own(
    "How late its event loop called timers, of several the latest, median, ms; about 1 when idle",
  ),
  loop_lag_p99_ms: own("The same, 99th percentile, ms"),
  cpu_pct: own("CPU time of its process, % of one core"),
  shards: z.int().min(1).max(1e5).nullish().meta({
    description: "Threads that read answers; one where not told.",
  }),
}).meta({ id: "ClientHealth", description: "The load generator's own health in a window." });

export const LevelSummary = z.object({
  level: z.number().positive().max(MOST_LEVEL).meta({
    description: "Load level: concurrency, or requests per second of an open loop.",
  }),
  phase: z.enum(["measure", "repeat"]).default("measure").meta({
    description: "`repeat`: the first level, measured once more at the end.",
  }),
  started_at: z.string().meta({ description: "Start of the window, ISO 8601 UTC." }),
  window_seconds: z.number().min(0).max(MOST_SECONDS).meta({
    description: "From the start of the window to the end of its last request, seconds.",
  }),
  planned_seconds: z.number().min(0).max(MOST_SECONDS).meta({ description: "Planned window, seconds." }),
  load_seconds: z.number().min(0).max(MOST_SECONDS).nullish().meta({
    description:
      "How long requests were sent from the window's start, seconds; longer than planned where at least so many had to end.",
  }),
  settle_seconds: z.number().min(0).max(MOST_SECONDS).nullish().meta({
    description: "How long the load was on before the window, seconds.",
  }),
  interrupted: z.boolean().meta({ description: "True when the level was stopped before its time." }),
  stop_reason: text("Why the load was ended before its time; null when it was not, or by the user."),
  client: ClientHealth.nullish(),
}).meta({ id: "LevelSummary", description: "One load level's window." });

export const GpuProcess = z.object({
  pid: z.number().nullish().meta({ description: "Its id, as the machine's own system counts." }),
  name: text("Its name, as the driver gives it."),
  used_memory_mib: count("GPU memory that it holds, MiB; null when the driver does not say."),
  gpu_uuid: text("The driver's id of the GPU."),
}).meta({ id: "GpuProcess", description: "A process that computes on a GPU." });

const processes = (when: string) =>
  z.array(GpuProcess).nullish().meta({
    description: `Processes on the GPUs ${when}; empty also where a container hides them.`,
  });

export const TelemetryMeta = z.object({
  program: text("What sampled the GPUs: nvidia-smi, amd-smi."),
  interval_ms: count("Time between samples, ms."),
  driver_version: text("GPU driver at the start."),
  driver_version_after: text("GPU driver at the end."),
  failures: z.array(z.string()).nullish().meta({
    description: "What the driver said instead of samples, each sentence once.",
  }),
  unread_lines: count("Lines of that program which could not be read, and are no samples."),
  model_was_loaded: z.boolean().nullish().meta({
    description: "Whether the engine held the model at the first sample; null when it does not say.",
  }),
  processes_before: processes("before the load"),
  processes_after: processes("after it"),
}).meta({ id: "TelemetryMeta", description: "How the GPUs were watched, and what went wrong." });

export const Metadata = z.object({
  benchmark_version: text("Version of the benchmark's format."),
  started_at: moment("Start, ISO 8601."),
  completed_at: moment("End, ISO 8601; null when it was interrupted."),
  hostname: text("Name of the machine."),
  host_id: text("Hashed id of the machine, the same on every run on it."),
  agent_version: text("Version of the agent."),
  agent_runtime: text("What the agent ran on, with its version, such as `deno 2.9.6`."),
  hardware: HardwareMeta,
  model: ModelMeta,
  telemetry: TelemetryMeta.nullish(),
  test_config: TestConfigMeta.nullish(),
  summary: z.object({
    total_requests: count("Requests in the measure phase."),
    total_tokens: count("Output tokens in the measure phase."),
    duration_seconds: count("Seconds measured, all levels."),
    levels: z.array(LevelSummary).nullish().meta({ description: "One row per load level." }),
    chunk_lines_left_out: count("Requests whose times of chunks found no more room in chunks.jsonl."),
  }).nullish().meta({ description: "Totals; the almanac computes its own figures from the lines." }),
}).meta({ id: "Metadata", description: "metadata.json of a raw directory." });

export type HardwareMeta = z.infer<typeof HardwareMeta>;
export type GpuProcess = z.infer<typeof GpuProcess>;
export type TelemetryMeta = z.infer<typeof TelemetryMeta>;
export type ModelMeta = z.infer<typeof ModelMeta>;
export type WorkloadMeta = z.infer<typeof WorkloadMeta>;
export type ClientHealth = z.infer<typeof ClientHealth>;
export type LevelSummary = z.infer<typeof LevelSummary>;
export type Metadata = z.infer<typeof Metadata>;
