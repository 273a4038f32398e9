// Looks models up, several at a time and all within a few seconds; who does not answer leaves what the name tells.
import type { Clock } from "../lib/clock.ts";
import type { CatalogModel } from "../schema/catalog.ts";
import type { Library, ModelFacts } from "../schema/model_facts.ts";
import { type ModelSources, Unanswered } from "./ask.ts";
import { factsFromCatalogue } from "./catalogue.ts";
import { factsFromHub } from "./from_hub.ts";
import { factsFromEngine, factsFromLibrary } from "./from_ollama.ts";
import { factsByName } from "./name.ts";

/** A model to look up. */
export interface WantedModel {
  readonly name: string;
  readonly library: Library;
  /** Whether its engine takes GGUF files. */
  readonly is_gguf: boolean;
  /** Address of an Ollama on this machine that has it; null where it is fetched. */
  readonly engine_url: string | null;
}

export interface LookUp {
  /** Null: nobody is asked, and only the names tell. */
  readonly sources: ModelSources | null;
  /** The user's token for the hub. */
  readonly token: string | null;
  /** The user's key for engines of their own. */
  readonly api_key: string | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** For all together: a plan is not to wait for a library. */
const DEADLINE_SECONDS = 3;
const AT_A_TIME = 16;
const TOKEN = /^[\x21-\x7e]{1,500}$/;

/** Facts of each model, in their order. About those of the catalogue nobody is asked. */
export async function lookUp(
  wanted: readonly WantedModel[],
  catalogue: readonly CatalogModel[],
  how: LookUp,
): Promise<ModelFacts[]> {
  const found: ModelFacts[] = [];
  const deadline = how.clock.timeout(DEADLINE_SECONDS);
  const waiting = [...wanted.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, model] = next;
      found[index] = factsFromCatalogue(model.name, model.library, catalogue) ??
        await factsOf(model, how, deadline);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return found;
}

async function factsOf(
  model: WantedModel,
  { sources, token, api_key, signal }: LookUp,
  deadline: AbortSignal,
): Promise<ModelFacts> {
  const { name, library, is_gguf, engine_url } = model;
  if (sources === null) return factsByName(name, library, is_gguf, "a simulated run asks nobody");
  const asking = {
    sources,
    token: headerOf(token),
    api_key: headerOf(api_key),
    signal: AbortSignal.any([signal, deadline]),
  };
  try {
    if (engine_url !== null) return await factsFromEngine(name, engine_url, asking);
    if (library === "ollama") return await factsFromLibrary(name, asking);
    return await factsFromHub({ name, library, repository: name, is_gguf }, asking);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Unanswered)) throw error;
    return factsByName(name, library, is_gguf, error.message);
  }
}

/** A secret that can stand in a header; null where it cannot. */
function headerOf(secret: string | null): string | null {
  return secret !== null && TOKEN.test(secret) ? secret : null;
}
