// Any endpoint that speaks OpenAI's API and already runs: LM Studio, a hosted one, an engine under a name of its own.
import { z } from "zod";
import { UserError } from "../errors.ts";
import type { GaugeNames } from "../schema/gauges.ts";
import { apiUrl } from "../schema/engine_address.ts";
import type { EngineChoice } from "../schema/matrix.ts";
import { addressOf } from "./address.ts";
import type { Engine, EngineWorld, Loaded } from "./engine.ts";
import { askJson, listOf, saysNo } from "./http.ts";

/** An engine that runs already tells nothing of what it loaded. */
export const NOT_TOLD: Loaded = {
  size_bytes: null,
  size_vram_bytes: null,
  weights_bytes: null,
  pulled_bytes: 0,
};

export const openai: Engine = {
  name: "openai",
  reach: "finds",

  async answers(choice, world) {
    try {
      await modelsAt(addressOf(choice, world), world, 3);
      return { version: null };
    } catch (error) {
      if (saysNo(error)) return null;
      throw error;
    }
  },

  installed: async (choice, world) => (await modelsAt(addressOf(choice, world), world)).map(({ id }) => id),

  async start(choice, model, _capacity, world) {
    const url = addressOf(choice, world);
    requireServed(model, await modelsAt(url, world), url);
    return {
      url,
      version: null,
      agentEnv: openaiEnv(url, choice),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },

  healthy: ({ url }, world) => modelsAt(url, world, 10).then(() => true, () => false),
  load: () => Promise.resolve(NOT_TOLD),
  unload: () => Promise.resolve(),

  canServe: (model) => model.startsWith("synthetic:") ? "a synthetic model is for the embedded engine" : null,
};

/** The agent's settings for an OpenAI-compatible endpoint. The key goes another way: it is told to no machine but the user's own. */
export function openaiEnv(url: string, { name, api, runtime }: EngineChoice): Record<string, string> {
  return { ENGINE: name, URL: url, API: api, ...(runtime === undefined ? {} : { RUNTIME: runtime }) };
}

/** The agent's settings for counters under these names at `<server>/metrics`. */
export function metricsEnv(server: string, names: GaugeNames): Record<string, string> {
  return { METRICS_URL: `${server}/metrics`, METRICS_NAMES: JSON.stringify(names) };
}

/** A model that an endpoint lists. */
const ListedModel = z.object({
  id: z.string(),
  /** The longest context that it takes, tokens; null when the endpoint does not tell. */
  max_model_len: z.number().nullable().catch(null),
});
export type ListedModel = Readonly<z.infer<typeof ListedModel>>;
const NAMELESS: ListedModel = { id: "", max_model_len: null };

/** The models that the endpoint at `url` lists; a UserError when it is none. */
export async function modelsAt(
  url: string,
  world: EngineWorld,
  timeout_seconds = 30,
): Promise<ListedModel[]> {
  const question = { url: `${apiUrl(url)}/models`, timeout_seconds };
  const schema = z.object({ data: listOf(ListedModel, NAMELESS, world) });
  return (await askJson("list the endpoint's models", question, schema, world)).data;
}

/** The listed model of this name; a UserError names those that are there when it is not among them. */
export function requireServed(model: string, known: readonly ListedModel[], url: string): ListedModel {
  const served = known.find(({ id }) => id === model);
  if (served !== undefined) return served;
  throw new UserError(
    `Cannot measure ${model}: ${url} does not serve it`,
    `It serves ${known.map(({ id }) => id).join(", ") || "no model at all"}; name one of these.`,
  );
}
