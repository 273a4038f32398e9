// Any endpoint that speaks OpenAI's API and already runs: vLLM, SGLang, llama-server, LM Studio, a hosted one.
import { UserError } from "../errors.ts";
import type { EngineChoice } from "../schema/matrix.ts";
import type { Engine, EngineWorld, Loaded } from "./engine.ts";
import { askJson } from "./http.ts";

const DEFAULT_URL = "http://127.0.0.1:8000";
/** An engine that runs already tells nothing of what it loaded. */
export const NOT_TOLD: Loaded = { size_bytes: null, size_vram_bytes: null, pulled_bytes: 0 };

export const openai: Engine = {
  name: "openai",
  defaultUrl: DEFAULT_URL,
  reach: "finds",

  async answers(choice, world) {
    try {
      await models(choice.url ?? DEFAULT_URL, world, 3);
      return { version: null };
    } catch (error) {
      if (error instanceof UserError) return null;
      throw error;
    }
  },

  installed: (choice, world) => models(choice.url ?? DEFAULT_URL, world),

  async start(choice, model, _capacity, world) {
    const url = choice.url ?? DEFAULT_URL;
    const known = await models(url, world);
    if (!known.includes(model)) {
      throw new UserError(
        `Cannot measure ${model}: ${url} does not serve it`,
        `It serves ${known.join(", ") || "no model at all"}; name one of these.`,
      );
    }
    return {
      url,
      version: null,
      agentEnv: openaiEnv(url, choice),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },

  healthy: ({ url }, world) => models(url, world, 10).then(() => true, () => false),
  load: () => Promise.resolve(NOT_TOLD),
  unload: () => Promise.resolve(),

  canServe: (model) => model.startsWith("synthetic:") ? "a synthetic model is for the embedded engine" : null,
};

/** The agent's settings for an OpenAI-compatible endpoint. The key stays in the environment it is already in. */
export function openaiEnv(url: string, { name, api, runtime }: EngineChoice): Record<string, string> {
  return { ENGINE: name, URL: url, API: api, ...(runtime === undefined ? {} : { RUNTIME: runtime }) };
}

async function models(url: string, world: EngineWorld, timeout_seconds = 30): Promise<string[]> {
  const base = /\/v\d+$/.test(url) ? url : `${url.replace(/\/+$/, "")}/v1`;
  const question = { url: `${base}/models`, timeout_seconds };
  const { data } = await askJson("list the endpoint's models", question, world);
  return Array.isArray(data) ? data.map((model: { id?: unknown }) => String(model.id)) : [];
}
