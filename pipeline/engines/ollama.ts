// Ollama through its native API: pulls what is missing, loads the model with the context the workload needs.
import { z } from "zod";
import { UserError } from "../errors.ts";
import { Failure } from "../schema/failures.ts";
import { type EngineChoice, shownModel, whyNoModelName, type Workload } from "../schema/matrix.ts";
import { serverUrl } from "../schema/engine_address.ts";
import { addressOf } from "./address.ts";
import type { Engine, EngineWorld, Loaded, RunningEngine } from "./engine.ts";
import { AnyObject, ask, askJson, DECODE_PROMPT, listOf, saysNo } from "./http.ts";
import { foundRunning, installEnv, requireVersion } from "./install.ts";
import { pull } from "./ollama_pull.ts";
import { serveOllama } from "./ollama_server.ts";

const LOAD_TIMEOUT_SECONDS = 1800;
const DECODE_TIMEOUT_SECONDS = 90;
const DECODED_TOKENS = 128;

const Version = z.object({ version: z.string().max(100).nullable().catch(null) });
const bytes = z.int().min(0).nullish();
const InMemory = z.object({ name: z.string(), size: bytes, size_vram: bytes });
const Capable = z.object({ capabilities: z.array(z.string()).nullish() });
const text = z.string().nullish();
/** A model that Ollama lists, with the bytes of its files; its digest is that of all that it is made of. The remote ones are set when Ollama only forwards requests for it. */
const Tag = Capable.extend({
  name: z.string(),
  size: bytes,
  digest: text,
  remote_host: text,
  remote_model: text,
});
type Tag = z.infer<typeof Tag>;
const NAMELESS = { name: "" };
/** Tokens, and how long they took, nanoseconds. */
const Decoded = z.object({ eval_count: z.int().min(0).nullish(), eval_duration: z.int().min(0).nullish() });

export const ollama: Engine = {
  name: "ollama",
  reach: "installs",

  async answers(choice, world) {
    try {
      return await askJson(
        "ask for the version",
        { url: `${urlOf(choice, world)}/api/version`, timeout_seconds: 3 },
        Version,
        world,
      );
    } catch (error) {
      if (saysNo(error)) return null;
      throw error;
    }
  },

  async installed(choice, world) {
    const url = urlOf(choice, world);
    const fit: Tag[] = [];
    for (const tag of await tags(url, world)) {
      const unfit = whyNoModelName(tag.name) ?? elsewhere(tag) ?? await whyNoText(url, tag, world);
      if (unfit === null) fit.push(tag);
      else world.log(`${shownModel(tag.name)} is left out: ${unfit}`);
    }
    return Array.from(sameWeights(fit), ([name = "", ...others]) => {
      if (others.length > 0) {
        world.log(`${name} is measured once, not as ${others.join(", ")} too: the same weights`);
      }
      return name;
    });
  },

  async start(choice, _model, capacity, world) {
    const server = world.host === null || choice.url !== undefined
      ? null
      : await serveOllama(world.host, choice, capacity, world);
    try {
      const url = server?.url ?? urlOf(choice, world);
      const { version } = await askJson("use Ollama", { url: `${url}/api/version` }, Version, world);
      const install = server?.install ?? foundRunning("Ollama", choice, version);
      if (server !== null && install.version !== null) requireVersion("Ollama", install.version, version);
      return {
        url,
        version,
        ...(server?.lastWords === undefined ? {} : { lastWords: server.lastWords }),
        agentEnv: {
          ENGINE: "ollama",
          URL: url,
          ...(choice.runtime === undefined ? {} : { RUNTIME: choice.runtime }),
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
    askJson("ask for the version", { url: `${url}/api/version`, timeout_seconds: 10 }, Version, world)
      .then(() => true, () => false),

  // The smallest of the catalogue, 0.9 GB: much smaller ones measure how fast kernels are started, not how fast memory is read.
  canary: "qwen2:1.5b",

  async decode({ url }, model, { context_tokens }, world) {
    const { eval_count, eval_duration } = await askJson(
      `decode with ${model}`,
      {
        url: `${url}/api/generate`,
        body: {
          model,
          prompt: DECODE_PROMPT,
          stream: false,
          keep_alive: "24h",
          options: { num_ctx: context_tokens, num_predict: DECODED_TOKENS, temperature: 0 },
        },
        timeout_seconds: DECODE_TIMEOUT_SECONDS,
      },
      Decoded,
      world,
    );
    return eval_count && eval_duration ? eval_count * 1e9 / eval_duration : null;
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

/** Its own routes lie beside those of OpenAI's API, which an address may name. */
function urlOf(choice: EngineChoice, world: EngineWorld): string {
  return serverUrl(addressOf(choice, world));
}

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
  const away = tag === undefined ? null : elsewhere(tag);
  if (away !== null) {
    throw new UserError(
      `Cannot measure ${model}: ${away}`,
      "Name a model whose weights lie on the machine.",
    );
  }
  world.onPhase("load");
  await askToLoad(url, model, context_tokens, world);
  const schema = z.object({ models: listOf(InMemory, NAMELESS, world) });
  const { models } = await askJson("ask what is loaded", { url: `${url}/api/ps` }, schema, world);
  const loaded = models.find(({ name }) => namesOf(model).includes(name));
  return {
    size_bytes: loaded?.size ?? null,
    size_vram_bytes: loaded?.size_vram ?? null,
    weights_bytes: tag?.size ?? null,
    pulled_bytes,
  };
}

async function askToLoad(url: string, model: string, num_ctx: number, world: EngineWorld): Promise<void> {
  const body = { model, stream: false, keep_alive: "24h", options: { num_ctx } };
  const question = { url: `${url}/api/generate`, body, timeout_seconds: LOAD_TIMEOUT_SECONDS };
  try {
    await askJson(`load ${model}`, question, AnyObject, world);
  } catch (cause) {
    if (!(cause instanceof UserError) || cause instanceof Failure || world.signal.aborted) throw cause;
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

async function tags(url: string, world: EngineWorld): Promise<Tag[]> {
  const schema = z.object({ models: listOf(Tag, NAMELESS, world) });
  return (await askJson("list Ollama's models", { url: `${url}/api/tags` }, schema, world)).models;
}

/** Why a model's weights are not where Ollama runs; null when they are. */
function elsewhere({ remote_host, remote_model }: Tag): string | null {
  const where = remote_host || (remote_model ? "another host" : null);
  return where === null ? null : `it runs at ${where}, not on this machine`;
}

/** The names of models, those of one digest together: the one that tells most comes first, `latest` tells nothing. */
function sameWeights(tags: readonly Tag[]): string[][] {
  const groups = Map.groupBy(tags, ({ name, digest }) => digest || name);
  return Array.from(
    groups.values(),
    (group) =>
      group.map(({ name }) => name).toSorted((a, b) =>
        Number(a.endsWith(":latest")) - Number(b.endsWith(":latest")) || a.length - b.length ||
        (a < b ? -1 : 1)
      ),
  );
}

/** Why a model writes no text, such as one for embeddings; null when it does, or when Ollama is too old to say. */
async function whyNoText(url: string, tag: Tag, world: EngineWorld): Promise<string | null> {
  const question = { url: `${url}/api/show`, body: { model: tag.name } };
  let { capabilities } = tag;
  try {
    if (!capabilities) ({ capabilities } = await askJson(`look at ${tag.name}`, question, Capable, world));
  } catch (error) {
    // What is broken in one model keeps no other from being measured.
    if (!saysNo(error)) throw error;
    return error.message;
  }
  if (!capabilities || capabilities.includes("completion")) return null;
  return `it writes no text (Ollama says it is for ${capabilities.join(", ") || "nothing"})`;
}
