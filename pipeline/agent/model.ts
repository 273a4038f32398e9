// What the engine says of the model it serves. Questions it does not answer stay null.
import { apiUrl, serverUrl } from "../schema/engine_address.ts";
import { publicModelName } from "../schema/local_paths.ts";
import type { ModelMeta } from "../schema/metadata.ts";
import type { EngineName } from "../schema/names.ts";
import { cutText } from "../schema/text.ts";
import type { Config } from "./config.ts";
import { fetchText } from "./fetch_text.ts";
import { quantizationOf, weightsIn } from "./weights.ts";

type Fields = Record<string, unknown>;

const DEADLINE_MS = 10_000;
const MOST_CHARACTERS = 200;

/** What an engine is published as. That of any other is what it says of itself. */
const RUNTIMES: Partial<Record<EngineName, string>> = {
  vllm: "vllm",
  sglang: "sglang",
  "llama.cpp": "llama.cpp",
  embedded: "llama.cpp",
};
/** Routes at which an engine tells its version, and the key. */
const VERSIONS: Partial<Record<EngineName, readonly (readonly [path: string, key: string])[]>> = {
  vllm: [["/version", "version"]],
  sglang: [["/server_info", "version"], ["/get_server_info", "version"]],
  "llama.cpp": [["/props", "build_info"]],
  openai: [["/version", "version"]],
};
/** Routes at which vLLM and SGLang tell how they serve a model. */
const INFOS: Partial<Record<EngineName, readonly string[]>> = {
  vllm: ["/server_info"],
  sglang: ["/server_info", "/get_server_info"],
};

/** The model under test as its engine describes it. */
export async function probeModel(config: Config): Promise<ModelMeta> {
  const facts = config.engine === "ollama" ? await askOllama(config) : await askOpenai(config);
  return {
    ...facts,
    name: publicModelName(config.model),
    context_tokens: facts.context_tokens ?? config.context_tokens,
  };
}

async function askOllama({ url, model, runtime, api_key }: Config): Promise<Omit<ModelMeta, "name">> {
  const version = await ask(`${url}/api/version`, undefined, api_key);
  const tag = named(await ask(`${url}/api/tags`, undefined, api_key), model);
  const show = await ask(`${url}/api/show`, { model }, api_key);
  const loaded = named(await ask(`${url}/api/ps`, undefined, api_key), model);
  const details = fields(tag?.details ?? show?.details);
  return {
    runtime: runtime ?? "ollama",
    runtime_version: text(version?.version),
    size: number(tag?.size),
    family: text(details?.family),
    parameter_count: number(fields(show?.model_info)?.["general.parameter_count"]),
    quantization: text(details?.quantization_level),
    digest: text(tag?.digest),
    size_vram_bytes: loaded === null ? null : number(loaded.size_vram) ?? 0,
    size_loaded_bytes: number(loaded?.size),
    context_tokens: number(loaded?.context_length),
    weights: "real",
  };
}

async function askOpenai(config: Config): Promise<Omit<ModelMeta, "name">> {
  const list = await ask(`${apiUrl(config.url)}/models`, undefined, config.api_key);
  const models = Array.isArray(list?.data) ? list.data as Fields[] : [];
  const model = models.find((each) => each.id === config.model);
  const meta = fields(model?.meta);
  const told = weightsIn(await askFirst(config, INFOS[config.engine] ?? []));
  return {
    runtime: config.runtime ?? RUNTIMES[config.engine] ?? text(model?.owned_by),
    runtime_version: text(meta?.runtime_version) ?? await askVersion(config),
    size: number(meta?.size_bytes) ?? number(meta?.size),
    family: text(meta?.family),
    parameter_count: number(meta?.parameter_count) ?? number(meta?.n_params),
    quantization: text(meta?.quantization) ?? quantizationOf(text(meta?.ftype) ?? "") ?? told.quantization,
    digest: text(meta?.digest),
    size_vram_bytes: number(meta?.size_vram_bytes),
    size_loaded_bytes: number(meta?.size_bytes),
    context_tokens: number(meta?.context_length) ?? number(meta?.n_ctx) ?? number(model?.max_model_len),
    weights: meta?.weights === "random" || told.made_up ? "random" : "real",
  };
}

/** The version that an engine tells, wherever it does. */
async function askVersion(config: Config): Promise<string | null> {
  for (const [path, key] of VERSIONS[config.engine] ?? []) {
    const version = text((await askFirst(config, [path]))?.[key]);
    if (version !== null) return version;
  }
  return null;
}

/** What is found at the first of `paths` that answers; null when none does. */
async function askFirst({ url, api_key }: Config, paths: readonly string[]): Promise<Fields | null> {
  for (const path of paths) {
    const found = await ask(`${serverUrl(url)}${path}`, undefined, api_key);
    if (found !== null) return found;
  }
  return null;
}

/** The JSON object at `url`; null when there is no good answer within ten seconds. */
async function ask(url: string, body: unknown, apiKey: string | null): Promise<Fields | null> {
  try {
    const told = await fetchText(url, { body, api_key: apiKey, deadline_ms: DEADLINE_MS });
    return told.status < 300 ? fields(JSON.parse(told.text)) : null;
  } catch {
    return null;
  }
}

/** Ollama lists `qwen2` as `qwen2:latest`. */
function named(list: Fields | null, model: string): Fields | null {
  const models = Array.isArray(list?.models) ? list.models as Fields[] : [];
  const names = [model, `${model}:latest`];
  return models.find((each) => names.includes(String(each.name))) ?? null;
}

function fields(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? cutText(value, MOST_CHARACTERS) : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}
