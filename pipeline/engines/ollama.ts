// Ollama through its native API: pulls what is missing, loads the model with the context the workload needs.
import { UserError } from "../errors.ts";
import type { Workload } from "../schema/matrix.ts";
import type { Engine, EngineWorld } from "./engine.ts";
import { ask, askJson, errorText, refusal } from "./http.ts";

const DEFAULT_URL = "http://127.0.0.1:11434";
const LOAD_TIMEOUT_SECONDS = 1800;

export const ollama: Engine = {
  name: "ollama",
  defaultUrl: DEFAULT_URL,

  async answers({ url = DEFAULT_URL }, world) {
    try {
      const { version } = await askJson("ask for the version", {
        url: `${url}/api/version`,
        timeout_seconds: 3,
      }, world);
      return { version: typeof version === "string" ? version : null };
    } catch (error) {
      if (error instanceof UserError) return null;
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

  async start({ url = DEFAULT_URL, runtime }, _model, _capacity, world) {
    const { version } = await askJson("use Ollama", { url: `${url}/api/version` }, world);
    return {
      url,
      version: typeof version === "string" ? version : null,
      agentEnv: { ENGINE: "ollama", URL: url, ...(runtime === undefined ? {} : { RUNTIME: runtime }) },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },

  async load({ url }, model, capacity, world) {
    const find = async () =>
      (await tags(url, world)).find(({ name }) => [model, `${model}:latest`].includes(name));
    let tag = await find();
    if (tag === undefined) {
      await pull(url, model, world);
      tag = await find();
    }
    if (tag?.remote_host !== undefined) {
      throw new UserError(
        `Cannot measure ${model}: ${elsewhere(tag.remote_host)}`,
        "Name a model whose weights lie on the machine.",
      );
    }
    await askJson(`load ${model}`, {
      url: `${url}/api/generate`,
      body: { model, stream: false, keep_alive: "10m", options: loadOptions(capacity) },
      timeout_seconds: LOAD_TIMEOUT_SECONDS,
    }, world);
  },

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

function loadOptions({ context_tokens }: Workload) {
  return { num_ctx: context_tokens };
}

/** A model that Ollama lists. `remote_host` is set when it only forwards requests for it. */
interface Tag {
  readonly name: string;
  readonly remote_host?: string;
  readonly capabilities?: readonly unknown[];
}

async function tags(url: string, world: EngineWorld): Promise<Tag[]> {
  const { models } = await askJson("list Ollama's models", { url: `${url}/api/tags` }, world);
  return Array.isArray(models) ? models.map(tagOf) : [];
}

function tagOf(model: Record<string, unknown>): Tag {
  const { name, remote_host, capabilities } = model;
  return {
    name: String(name),
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

/** Fetches `model`, telling each tenth of the way; the stream's own error is the reason when it fails. */
async function pull(url: string, model: string, world: EngineWorld): Promise<void> {
  world.log(`pulling ${model}`);
  const what = `pull ${model}`;
  const question = { url: `${url}/api/pull`, body: { model, stream: true }, timeout_seconds: 6 * 3600 };
  const response = await ask(question, world);
  if (!response.ok) throw refusal(what, response.status, await response.text());
  let status = "";
  let told = 0;
  for await (const frame of jsonLines(response)) {
    if (typeof frame.error === "string") throw refusal(what, response.status, JSON.stringify(frame));
    status = String(frame.status ?? status);
    const tenth = Math.floor(10 * Number(frame.completed ?? 0) / Number(frame.total ?? Infinity));
    if (tenth > told) world.log(`pulling ${model}: ${tenth}0 % of ${gigabytes(Number(frame.total))}`);
    if (tenth !== told && frame.total !== undefined) told = tenth;
  }
  if (status !== "success") {
    throw new UserError(
      `Cannot ${what}: the answer ended early, at "${status}"`,
      "Try again: Ollama goes on where it stopped.",
    );
  }
}

async function* jsonLines(response: Response): AsyncGenerator<Record<string, unknown>> {
  let rest = "";
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield frameOf(line);
  }
  if (rest.trim() !== "") yield frameOf(rest);
}

function frameOf(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return { error: errorText(line) };
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
