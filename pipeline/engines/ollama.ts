// Ollama through its native API: pulls what is missing, loads the model with the context the workload needs.
import { UserError } from "../errors.ts";
import { Failure } from "../schema/failures.ts";
import type { Workload } from "../schema/matrix.ts";
import type { Engine, EngineWorld, Loaded, RunningEngine } from "./engine.ts";
import { ask, askJson, DECODE_PROMPT } from "./http.ts";
import { foundRunning, installEnv, requireVersion } from "./install.ts";
import { pull } from "./ollama_pull.ts";
import { serveOllama } from "./ollama_server.ts";

const DEFAULT_URL = "http://127.0.0.1:11434";
const LOAD_TIMEOUT_SECONDS = 1800;
const DECODE_TIMEOUT_SECONDS = 90;
const DECODED_TOKENS = 128;

export const ollama: Engine = {
  name: "ollama",
  defaultUrl: DEFAULT_URL,
  reach: "installs",

  async answers({ url = DEFAULT_URL }, world) {
    try {
      const { version } = await askJson("ask for the version", {
        url: `${url}/api/version`,
        timeout_seconds: 3,
      }, world);
      return { version: typeof version === "string" ? version : null };
    } catch (error) {
      if (error instanceof UserError && !(error instanceof Failure)) return null;
      throw error;
    }
  },

  async installed({ url = DEFAULT_URL }, world) {
    const names: string[] = [];
    for (const tag of await tags(url, world)) {
      const unfit = tag.remote_host === undefined
        ? await whyNoText(url, tag, world)
        : elsewhere(tag.remote_host);
      if (unfit === null) names.push(tag.name);
      else world.log(`${tag.name} is left out: ${unfit}`);
    }
    return names;
  },

  async start(choice, _model, capacity, world) {
    const { url: told, runtime } = choice;
    const server = world.host === null || told !== undefined
      ? null
      : await serveOllama(world.host, choice, capacity, world);
    try {
      const url = server?.url ?? told ?? DEFAULT_URL;
      const { version: answered } = await askJson("use Ollama", { url: `${url}/api/version` }, world);
      const version = typeof answered === "string" ? answered : null;
      const install = server?.install ?? foundRunning("Ollama", choice, version);
      if (server !== null && install.version !== null) requireVersion("Ollama", install.version, version);
      return {
        url,
        version,
        ...(server?.lastWords === undefined ? {} : { lastWords: server.lastWords }),
        agentEnv: {
          ENGINE: "ollama",
          URL: url,
          ...(runtime === undefined ? {} : { RUNTIME: runtime }),
          ...installEnv(install),
        },
        [Symbol.asyncDispose]: async () => await server?.[Symbol.asyncDispose](),
      };
    } catch (error) {
      await server?.[Symbol.asyncDispose]();
      throw error;
    }
  },

  healthy: ({ url }, world) =>
    askJson("ask for the version", { url: `${url}/api/version`, timeout_seconds: 10 }, world)
      .then(() => true, () => false),

  // The smallest of the catalogue, 0.9 GB: much smaller ones measure how fast kernels are started, not how fast memory is read.
  canary: "qwen2:1.5b",

  async decode({ url }, model, { context_tokens }, world) {
    const { eval_count, eval_duration } = await askJson(`decode with ${model}`, {
      url: `${url}/api/generate`,
      body: {
        model,
        prompt: DECODE_PROMPT,
        stream: false,
        keep_alive: "24h",
        options: { num_ctx: context_tokens, num_predict: DECODED_TOKENS, temperature: 0 },
      },
      timeout_seconds: DECODE_TIMEOUT_SECONDS,
    }, world);
    return typeof eval_count === "number" && typeof eval_duration === "number" && eval_duration > 0
      ? eval_count * 1e9 / eval_duration
      : null;
  },

  load: (running, model, capacity, world) => loadModel(running, model, capacity, world),

  async unload({ url }, model, world) {
    const quiet = { ...world, signal: AbortSignal.timeout(10_000) };
    await ask({ url: `${url}/api/generate`, body: { model, keep_alive: 0 } }, quiet)
      .then((response) => response.body?.cancel(), () => undefined);
  },

  canServe: (model) =>
    model.startsWith("synthetic:") || model.endsWith(".gguf")
      ? "Ollama serves models of its library; a synthetic model or a .gguf file is for the embedded engine"
      : null,
};

async function loadModel(
  { url }: RunningEngine,
  model: string,
  { context_tokens }: Pick<Workload, "context_tokens">,
  world: EngineWorld,
): Promise<Loaded> {
  let tag = await tagNamed(url, model, world);
  let pulled_bytes = 0;
  if (tag === undefined) {
    world.onPhase("pull");
    pulled_bytes = await pull(url, model, world);
    tag = await tagNamed(url, model, world);
  }
  if (tag?.remote_host !== undefined) {
    throw new UserError(
      `Cannot measure ${model}: ${elsewhere(tag.remote_host)}`,
      "Name a model whose weights lie on the machine.",
    );
  }
  world.onPhase("load");
  await askToLoad(url, model, context_tokens, world);
  const { models } = await askJson("ask what is loaded", { url: `${url}/api/ps` }, world);
  const loaded = (Array.isArray(models) ? models : []).find(({ name }) => namesOf(model).includes(name));
  return {
    size_bytes: bytes(loaded?.size),
    size_vram_bytes: bytes(loaded?.size_vram),
    weights_bytes: tag?.size ?? null,
    pulled_bytes,
  };
}

async function askToLoad(url: string, model: string, num_ctx: number, world: EngineWorld): Promise<void> {
  const body = { model, stream: false, keep_alive: "24h", options: { num_ctx } };
  const question = { url: `${url}/api/generate`, body, timeout_seconds: LOAD_TIMEOUT_SECONDS };
  try {
    await askJson(`load ${model}`, question, world);
  } catch (cause) {
    if (!(cause instanceof UserError) || world.signal.aborted) throw cause;
    if (/out of memory|cudaMalloc failed|requires more system memory/i.test(cause.message)) {
      throw new Failure("out_of_memory", cause.message, { cause });
    }
    throw new Failure("load_failed", cause.message, { cause });
  }
}

async function tagNamed(url: string, model: string, world: EngineWorld): Promise<Tag | undefined> {
  return (await tags(url, world)).find(({ name }) => namesOf(model).includes(name));
}

/** Ollama lists `qwen2` as `qwen2:latest`. */
function namesOf(model: string): string[] {
  return [model, `${model}:latest`];
}

function bytes(told: unknown): number | null {
  return typeof told === "number" ? told : null;
}

/** A model that Ollama lists. `remote_host` is set when it only forwards requests for it. */
interface Tag {
  readonly name: string;
  /** Bytes of its files; null when it does not say. */
  readonly size: number | null;
  readonly remote_host?: string;
  readonly capabilities?: readonly unknown[];
}

async function tags(url: string, world: EngineWorld): Promise<Tag[]> {
  const { models } = await askJson("list Ollama's models", { url: `${url}/api/tags` }, world);
  return Array.isArray(models) ? models.map(tagOf) : [];
}

function tagOf(model: Record<string, unknown>): Tag {
  const { name, size, remote_host, capabilities } = model;
  return {
    name: String(name),
    size: bytes(size),
    ...(typeof remote_host === "string" && remote_host !== "" ? { remote_host } : {}),
    ...(Array.isArray(capabilities) ? { capabilities } : {}),
  };
}

function elsewhere(host: string): string {
  return `it runs at ${host}, not on this machine`;
}

/** Why a model writes no text, such as one for embeddings; null when it does, or when Ollama is too old to say. */
async function whyNoText(url: string, tag: Tag, world: EngineWorld): Promise<string | null> {
  const capabilities = tag.capabilities ??
    (await askJson(`look at ${tag.name}`, { url: `${url}/api/show`, body: { model: tag.name } }, world))
      .capabilities;
  if (!Array.isArray(capabilities) || capabilities.includes("completion")) return null;
  return `it writes no text (Ollama says it is for ${capabilities.join(", ") || "nothing"})`;
}
