// The models of entries looked up before anything is rented: those that are fetched, and those that an Ollama on this computer has.
import { apiKey } from "../lib/api_key.ts";
import { lookUp, type WantedModel } from "../models/mod.ts";
import type { Catalog } from "../plan/fit.ts";
import { OLLAMA_HOST, usualUrl } from "../schema/engine_address.ts";
import type { Entry } from "../schema/entry.ts";
import { HUB_TOKEN, libraryOf } from "../schema/model_facts.ts";
import type { EngineName, ProviderName } from "../schema/names.ts";
import type { World } from "./world.ts";

/** Engines that take GGUF files. */
const GGUF: readonly EngineName[] = ["ollama", "llama.cpp"];

/** The catalogue with what could be found out about the models of `entries`. */
export async function withFacts(
  catalog: Catalog,
  entries: readonly Entry[],
  world: World,
  signal: AbortSignal,
): Promise<Catalog> {
  const wanted = new Map<string, WantedModel>();
  for (const entry of entries) {
    const model = lookedUp(entry, world);
    if (model !== null) wanted.set(`${model.library} ${model.name}`, model);
  }
  const facts = await lookUp([...wanted.values()], catalog.models, {
    sources: world.models,
    token: world.env(HUB_TOKEN)?.trim() || null,
    api_key: apiKey(world.env),
    clock: world.clock,
    signal,
  });
  return { ...catalog, facts };
}

/** What is looked up for an entry; null where the model must be on the machine already and only its engine knows it. */
function lookedUp({ provider, engine, model }: Entry, { kinds, models, env }: World): WantedModel | null {
  const wanted = { name: model, library: libraryOf(engine.name), is_gguf: GGUF.includes(engine.name) };
  if (kinds[provider as ProviderName].rents) return { ...wanted, engine_url: null };
  if (provider !== "local" || engine.name !== "ollama" || models === null) return null;
  return { ...wanted, engine_url: engine.url ?? usualUrl(engine.name, env(OLLAMA_HOST)) };
}
