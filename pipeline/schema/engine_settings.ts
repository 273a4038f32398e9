// What the flags of a server say of the settings that change its speed: how it is spread over GPUs, number formats, context, speculation. Pure.
import { z } from "zod";
import { flagName } from "./flag_names.ts";
import type { EngineName } from "./names.ts";
import { plainText } from "./plain_text.ts";

const ways = (what: string) =>
  z.int().positive().max(1024).nullable().meta({ description: `${what}; null when not known.` });
const word = (what: string) =>
  plainText(60).nullable().meta({ description: `${what}; null: the engine's own choice, or not known.` });

export const EngineSettings = z.strictObject({
  tp: ways("Tensor parallelism: over how many GPUs each layer is split"),
  pp: ways("Pipeline parallelism: over how many GPUs the layers are laid in turn"),
  dp: ways("Data parallelism: how many copies of the model answer"),
  dtype: word("Number format of the computation"),
  kv_dtype: word("Number format of keys and values"),
  max_model_len: z.int().positive().nullable().meta({
    description: "Longest context that the server takes, tokens; null when not known.",
  }),
  speculative: word("Method by which tokens are guessed ahead"),
}).meta({ id: "EngineSettings", description: "Settings of the server by its flags." });

export type EngineSettings = z.infer<typeof EngineSettings>;
type Setting = keyof EngineSettings;

/** By engine the flags of each setting, the name that we use first. */
const FLAGS: Readonly<Partial<Record<EngineName, Readonly<Partial<Record<Setting, readonly string[]>>>>>> = {
  "vllm": {
    tp: ["--tensor-parallel-size", "-tp"],
    pp: ["--pipeline-parallel-size", "-pp"],
    dp: ["--data-parallel-size", "-dp"],
    dtype: ["--dtype"],
    kv_dtype: ["--kv-cache-dtype"],
    max_model_len: ["--max-model-len"],
    speculative: ["--speculative-config", "-sc"],
  },
  "sglang": {
    tp: ["--tensor-parallel-size", "--tp-size", "--tp"],
    pp: ["--pipeline-parallel-size", "--pp-size", "--pp"],
    dp: ["--data-parallel-size", "--dp-size", "--dp"],
    dtype: ["--dtype"],
    kv_dtype: ["--kv-cache-dtype"],
    max_model_len: ["--context-length"],
    speculative: ["--speculative-algorithm", "--speculative-algo"],
  },
  "llama.cpp": {
    kv_dtype: ["--cache-type-k", "-ctk"],
    speculative: ["--model-draft", "-md", "--hf-repo-draft", "-hfd"],
  },
};

const WAYS = ["tp", "pp", "dp"] as const;
/** With it SGLang's copies share the GPUs of tensor parallelism. */
const SHARED_COPIES = "--enable-dp-attention";
/** With it llama-server uses one GPU of several. */
const ONE_GPU = { names: ["--split-mode", "-sm"], value: "none" };
/** With these it uses those that are listed, and with a share of 0 not even these. */
const SOME_GPUS = ["--device", "-dev", "--tensor-split", "-ts"];

/** The flags of an engine that say its settings. */
export function settingFlags(engine: EngineName): string[] {
  return Object.values(FLAGS[engine] ?? {}).flat();
}

/** The settings that flags say, and where vLLM and SGLang are not told how to spread, that they do not; nulls for other engines. */
export function settingsOf(engine: string, flags: readonly string[]): EngineSettings {
  const of = (setting: Setting) => valueOf(flags, FLAGS[engine as EngineName]?.[setting] ?? []);
  const number = (setting: Setting) => wholeNumber(of(setting) ?? "");
  const way = (setting: typeof WAYS[number]) => spreads(engine) ? number(setting) ?? 1 : null;
  return {
    tp: way("tp"),
    pp: way("pp"),
    dp: way("dp"),
    dtype: shortWord(of("dtype")),
    kv_dtype: shortWord(of("kv_dtype")),
    max_model_len: number("max_model_len"),
    speculative: engine === "llama.cpp" && of("speculative") !== null
      ? "draft model"
      : shortWord(methodOf(of("speculative"))),
  };
}

/** Flags that spread the model over all of `gpus` where those of the matrix do not say how. */
export function spreadFlags(engine: EngineName, flags: readonly string[], gpus: number): string[] {
  const [name] = FLAGS[engine]?.tp ?? [];
  if (name === undefined || gpus === 1 || valueOf(flags, FLAGS[engine]?.tp ?? []) !== null) return [];
  return [name, String(gpus / othersOf(engine, flags))];
}

/** Why so many GPUs would not all be used with these flags; null when they are. */
export function whyNotSpread(engine: EngineName, flags: readonly string[], gpus: number): string | null {
  if (engine === "llama.cpp" && valueOf(flags, ONE_GPU.names) === ONE_GPU.value && gpus > 1) {
    return `${ONE_GPU.names[0]} ${ONE_GPU.value} uses one GPU of ${gpus}`;
  }
  if (engine === "llama.cpp") {
    for (const name of SOME_GPUS) {
      const listed = valueOf(flags, [name])?.split(/[,/]/).filter((part) => Number(part) !== 0).length ??
        gpus;
      if (listed < gpus) return `${name} uses ${listed} of ${gpus} GPUs`;
    }
  }
  if (!spreads(engine)) return null;
  for (const way of WAYS) {
    const names = FLAGS[engine]?.[way] ?? [];
    const told = valueOf(flags, names);
    if (told !== null && wholeNumber(told) === null) return `${names[0]} needs a whole number above 0`;
  }
  const others = othersOf(engine, flags);
  const told = wholeNumber(valueOf(flags, FLAGS[engine]?.tp ?? []) ?? "");
  const used = (told ?? gpus / others) * others;
  if (Number.isInteger(used / others) && used === gpus) return null;
  const product = told === null
    ? `${others} copies and stages do not divide ${gpus} GPUs`
    : `its flags use ${used === 1 ? "1 GPU" : `${used} GPUs`} of ${gpus}`;
  return `${product}: tensor × pipeline × data parallelism must be gpu_count`;
}

/** GPUs that one share of tensor parallelism is multiplied with. */
function othersOf(engine: EngineName, flags: readonly string[]): number {
  const way = (setting: "pp" | "dp") =>
    wholeNumber(valueOf(flags, FLAGS[engine]?.[setting] ?? []) ?? "") ?? 1;
  return way("pp") * (sharesCopies(flags) ? 1 : way("dp"));
}

/** Whether copies of the model share the GPUs of tensor parallelism. */
export function sharesCopies(flags: readonly string[]): boolean {
  return flags.some((flag) => flagName(flag) === SHARED_COPIES);
}

function spreads(engine: string): boolean {
  return FLAGS[engine as EngineName]?.tp !== undefined;
}

/** The value of the last flag of these names, in the same string behind `=` or in the next; null when there is none. */
function valueOf(flags: readonly string[], names: readonly string[]): string | null {
  const at = flags.findLastIndex((flag) => names.includes(flagName(flag)));
  const flag = flags[at];
  if (flag === undefined) return null;
  return flag.includes("=") ? flag.slice(flag.indexOf("=") + 1) : flags[at + 1] ?? "";
}

function wholeNumber(text: string): number | null {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

/** vLLM is told the method in JSON. */
function methodOf(told: string | null): string | null {
  return told?.startsWith("{") ? /"method"\s*:\s*"([^"]*)"/.exec(told)?.[1] ?? null : told;
}

function shortWord(text: string | null): string | null {
  return text !== null && /^[\w.+-]{1,60}$/.test(text) ? text : null;
}
