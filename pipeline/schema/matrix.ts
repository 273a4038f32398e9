// A matrix: the JSON file in runs/ that says what to test. People write it; everything unknown in it is refused.
import { z } from "zod";
import { settingFlags } from "./engine_settings.ts";
import { EngineVariable } from "./engine_variable.ts";
import { abbreviation, flagName } from "./flag_names.ts";
import { Load, loadFaults, ORDERS, Seed } from "./load.ts";
import { EngineName, FLAGGED_ENGINES, INSTALLED_ENGINES, ProviderName } from "./names.ts";
import { ImageName, OfferLimits } from "./offer.ts";
import { check } from "./parse.ts";
import { plainName, plainText, visible } from "./plain_text.ts";
import { Prompts, STANDARD, whyTooLong } from "./prompts.ts";
import { LATEST, RUNS_ALREADY, whyNoVersion } from "./releases.ts";
import { testFaults } from "./test_faults.ts";
import { shortText } from "./text.ts";

export const Workload = z.strictObject({
  name: plainName(40).default("standard").meta({
    description: "Name of the workload, part of the entry's id.",
  }),
  concurrency: z.array(z.int().min(1).max(1024)).min(1).optional().meta({
    description:
      "Load levels, measured one after another: how many requests are in flight at once (closed loop). Default [1].",
  }),
  load: Load.optional(),
  prompts: Prompts.default(STANDARD),
  duration_seconds: z.number().positive().max(86_400).default(300).meta({
    description: "Measured window of each level, seconds.",
  }),
  settle_seconds: z.number().min(0).max(3600).optional().meta({
    description:
      "The load is on for so long before each window, seconds. Default 0; in a ladder a tenth of the window.",
  }),
  least_requests: z.int().min(0).max(1_000_000).default(0).meta({
    description:
      "A window goes on until so many of its requests have ended, at most five times as long as planned.",
  }),
  order: z.enum(ORDERS).default("random").meta({
    description: "Order of the levels; random by the seed, so that no level always comes first.",
  }),
  repeat_first: z.boolean().default(true).meta({
    description:
      "Whether of several levels the first is measured once more at the end, which shows drift and counts for nothing else.",
  }),
  seed: Seed.optional(),
  warmup_requests: z.int().min(0).max(1000).default(2).meta({
    description: "Requests sent before each window and not counted.",
  }),
  max_tokens: z.int().min(1).max(131_072).default(256).meta({
    description: "Most tokens a request may generate, of the standard prompts; others say so themselves.",
  }),
  context_tokens: z.int().min(256).max(1_048_576).default(2048).meta({
    description: "Context length asked of the engine, tokens per request.",
  }),
  request_timeout_seconds: z.number().positive().max(3600).default(120).meta({
    description: "A request that takes longer is an error, seconds.",
  }),
}).superRefine((workload, { addIssue }) => {
  for (const message of loadFaults(workload)) addIssue({ code: "custom", message });
}).superRefine(({ prompts, context_tokens }, { addIssue }) => {
  const message = whyTooLong(prompts, context_tokens);
  if (message !== null) addIssue({ code: "custom", path: ["context_tokens"], message });
}).meta({ id: "Workload", description: "Prompts, lengths, load and duration." });

/** What the almanac itself says to an engine, and what must not stand in a result. */
const OWN_FLAGS = [
  "--host",
  "--port",
  "--model",
  "--model-path",
  "-m",
  "--model-url",
  "-mu",
  "--hf-repo",
  "-hf",
  "-hfr",
  "--docker-repo",
  "-dr",
  "--alias",
  "-a",
  "--served-model-name",
];
const SECRET_FLAGS = ["--api-key", "--api-key-file", "--admin-api-key", "--hf-token", "-hft"];
/** A token of Hugging Face, wherever it stands. */
const TOKEN = /\bhf_[A-Za-z0-9]{16,}/;

export const EngineChoice = z.strictObject({
  name: EngineName,
  url: z.url({ protocol: /^https?$/ }).refine((url) => !/\/\/[^/]*@/.test(url), {
    error: "it holds a password, which would be written down: set API_KEY in its place",
  }).optional().meta({
    description: "Base URL of an engine that already runs (any but embedded).",
  }),
  version: z.string().min(1).max(40).optional().meta({
    description:
      "Version to measure (ollama, vllm, sglang, llama.cpp): `0.40.2`, of llama.cpp a build such as `b11429`, or `latest` for the newest stable one when the machine is set up. Default: what the machine's image has, else the newest stable one when this release of the almanac was made. An engine that runs already must be of this version.",
  }),
  api: z.enum(["chat", "completions"]).default("chat").meta({
    description: "Which OpenAI route to use (any but ollama).",
  }),
  runtime: plainName().optional().meta({
    description: "Name to publish as the runtime of an `openai` endpoint, e.g. vllm.",
  }),
  flags: z.array(plainText(500).min(1)).min(1).max(100).optional().meta({
    description:
      'Flags of the server that is started on a rented machine (vllm, sglang, llama.cpp), after those for context and concurrency; recorded with the result. A flag and its value are two strings: `["--dtype", "float16"]`. vllm and sglang spread the model over all GPUs unless flags say otherwise.',
  }),
  env: z.array(EngineVariable).min(1).max(20).optional().meta({
    description:
      'Variables of your environment that the server started on a rented machine is given, by name alone, e.g. `["HF_TOKEN"]`: values are never written down. The host can read them: use a read-only token made for this.',
  }),
  image: ImageName.optional().meta({
    description:
      "Container image of the machines on which this engine is measured, in place of that in `offers`.",
  }),
}).superRefine(({ name, url, env, image }, { addIssue }) => {
  const refuse = (key: string, message: string) => addIssue({ code: "custom", path: [key], message });
  if (env !== undefined && !INSTALLED_ENGINES.includes(name)) {
    refuse("env", `only ${INSTALLED_ENGINES.join(", ")} are started by the almanac and take variables`);
  }
  const running = "an engine that already runs at a url takes none";
  if (url !== undefined && env !== undefined) refuse("env", running);
  if (url !== undefined && image !== undefined) refuse("image", running);
  if (env !== undefined && new Set(env).size < env.length) refuse("env", "it names a variable twice");
}).superRefine(({ name, url, version }, { addIssue }) => {
  if (version === undefined) return;
  const running = url !== undefined && version === LATEST ? `${RUNS_ALREADY} at a url` : null;
  const message = whyNoVersion(name, version) ?? running;
  if (message !== null) addIssue({ code: "custom", path: ["version"], message });
}).superRefine(({ name, url, flags }, { addIssue }) => {
  const refuse = (message: string) => addIssue({ code: "custom", path: ["flags"], message });
  if (flags === undefined) return;
  if (!FLAGGED_ENGINES.includes(name)) refuse(`only ${FLAGGED_ENGINES.join(", ")} take flags`);
  else if (url !== undefined) refuse("an engine that already runs at a url takes none");
  const words = flags.map(flagName);
  const own = words.find((word) => OWN_FLAGS.includes(word));
  if (own !== undefined) refuse(`the almanac sets ${own} itself`);
  const secret = words.find((word) => SECRET_FLAGS.includes(word));
  if (secret !== undefined) refuse(`${secret} would be published with the result`);
  if (flags.some((flag) => TOKEN.test(flag))) {
    refuse(`a token would be published with the result: hand it over as "env": ["HF_TOKEN"]`);
  }
  const short = abbreviation(flags, [...OWN_FLAGS, ...SECRET_FLAGS, ...settingFlags(name)]);
  if (short !== null) refuse(`write ${short.short} in full, ${short.full}`);
  const joined = flags.find((flag) => /^-[^\s=]+\s/.test(flag));
  if (joined !== undefined) {
    const [name, ...value] = joined.split(/\s+/);
    refuse(
      `write ${JSON.stringify(name)}, ${JSON.stringify(value.join(" "))} as two: a value may hold blanks`,
    );
  }
}).meta({ id: "EngineChoice", description: "An engine and how to reach it." });

const EngineItem = z.union([EngineName, EngineChoice]).meta({
  description: "An engine's name, or an object with its settings.",
});
const ModelName = plainName();
const Models = z.array(ModelName).min(1).meta({
  description:
    "Model names as the engine knows them; `installed` means every model the engine already has; names at Hugging Face for `vllm` and `sglang`, with `:<quantisation>` or a .gguf file on the machine for `llama.cpp`; `synthetic:<size>` or a path to a .gguf file for `embedded`.",
});

/** Why a matrix cannot name a model so; null when it can. */
export function whyNoModelName(name: string): string | null {
  const checked = check(ModelName, name);
  return "value" in checked ? null : checked.faults.join("; ");
}

/** A name that an engine lists, as it is told of where it cannot be used. */
export function shownModel(name: string): string {
  return shortText(visible(name), 60) || "a model without a name";
}

export const Test = z.strictObject({
  gpus: z.array(plainName()).min(1).default(["any"]).meta({
    description:
      "GPUs by their names in data/catalog/gpus.json (`H100` takes any form of it, `H100 PCIe` that one), or `any`; a card that the catalogue lacks by the provider's own name, `name:<name>` where that could be a mistake for a known one.",
  }),
  gpu_count: z.int().min(1).max(16).default(1).meta({ description: "GPUs of a rented machine." }),
  providers: z.array(ProviderName).min(1).default(["local"]).meta({ description: "Who lends the machines." }),
  engines: z.array(EngineItem).min(1).meta({ description: "Engines to test." }),
  models: Models,
  otherwise: z.strictObject({ engines: z.array(EngineItem).min(1), models: Models }).optional().meta({
    description: "Used instead when none of `engines` answers on the machine or it has no model.",
  }),
  workloads: z.array(Workload).min(1).meta({ description: "Workloads to run on each combination." }),
  offers: OfferLimits.prefault({}),
  price_per_hour: z.number().positive().max(10_000).optional().meta({
    description: "US dollars per hour to publish for a machine that is not rented (`local`).",
  }),
  location: plainName(80).optional().meta({ description: "Where the machine stands, e.g. US." }),
}).superRefine((test, { addIssue }) => {
  for (const { path, message } of testFaults(test)) addIssue({ code: "custom", path: [...path], message });
}).meta({ id: "Test", description: "Every combination of these lists is one entry." });

export const Matrix = z.strictObject({
  $schema: z.string().optional().meta({ description: "Path of the JSON Schema, for editors." }),
  name: plainName(60).meta({ description: "Short name of the matrix." }),
  description: z.string().max(500).optional().meta({ description: "What it is for." }),
  simulated: z.boolean().default(false).meta({
    description:
      "Rents from the simulated clouds that come with the almanac: nothing is paid, and every result is marked simulated.",
  }),
  tests: z.array(Test).min(1).meta({ description: "Blocks of combinations." }),
}).meta({ id: "Matrix", description: "Which GPUs, providers, models, engines and workloads to test." });

export type Workload = z.infer<typeof Workload>;
export type EngineChoice = z.infer<typeof EngineChoice>;
export type Test = z.infer<typeof Test>;
export type Matrix = z.infer<typeof Matrix>;
