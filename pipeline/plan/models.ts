// PURE. Models that nobody can serve, and what a plan tells of each.
import type { Entry } from "../schema/entry.ts";
import { HUB_TOKEN, libraryOf, type ModelFacts } from "../schema/model_facts.ts";
import { type Catalog, factsOf, leastGib } from "./fit.ts";
import { entriesOf, type Lease } from "./leases.ts";
import type { Objection } from "./plan.ts";

/** What a plan tells of one model. */
export interface PlannedModel {
  readonly name: string;
  /** Of its weights, GB; null when nobody knows. */
  readonly weights_gb: number | null;
  /** GPU memory that its entries cannot do without, GiB; null when that is not known. */
  readonly needed_gib: number | null;
  /** Who may read it, and what was not checked. */
  readonly words: string;
}

/** Objects to models that are not there, and to gated ones that the engine could not read. */
export function objectToModel(catalog: Catalog): Objection {
  return ({ model, engine }) => {
    const facts = factsOf(model, engine.name, catalog);
    if (facts?.exists === false) return { code: "model_not_found", reason: whyNotFound(facts) };
    if (facts?.gated !== true) return null;
    const reason = whyNotRead(facts, engine.env?.includes(HUB_TOKEN) === true);
    return reason === null ? null : { code: "model_gated", reason };
  };
}

/** Every model of the plan that is known or was asked for, in the order of its first entry. */
export function plannedModels(entries: readonly Entry[], catalog: Catalog): PlannedModel[] {
  return (catalog.facts ?? []).map((facts) => {
    const needs = entries
      .filter(({ model, engine }) => model === facts.name && libraryOf(engine.name) === facts.library)
      .flatMap((entry) => leastGib(entry, catalog) ?? []);
    return {
      name: facts.name,
      weights_gb: facts.weights_gb,
      needed_gib: needs.length === 0 ? null : Math.max(...needs),
      words: wordsOf(facts),
    };
  });
}

/** Names of those whose size nobody knows, and that a lease would be rented for. */
export function unsizedModels(
  leases: readonly Pick<Lease, "sittings">[],
  models: readonly PlannedModel[],
): string[] {
  const planned = new Set(leases.flatMap((lease) => entriesOf(lease).map(({ model }) => model)));
  return models.filter(({ name, weights_gb }) => weights_gb === null && planned.has(name))
    .map(({ name }) => name);
}

function whyNotFound({ name, library }: ModelFacts): string {
  return library === "ollama"
    ? `Ollama's library has no ${name}: check its name in the matrix`
    : `huggingface.co has no ${name}, or a private one that ${HUB_TOKEN} may not read: check its name in the matrix`;
}

/** Why an engine could not read a gated model; null when it can, or when nobody could say. */
function whyNotRead(facts: ModelFacts, isGiven: boolean): string | null {
  const { name, library, access } = facts;
  const page = `huggingface.co/${name.split(":")[0]}`;
  const give = `add "env": ["${HUB_TOKEN}"] to the engine in the matrix`;
  if (library === "ollama") return `${name} is gated, and Ollama reads no gated model: take llama.cpp for it`;
  if (access === false) {
    return `${name} is gated, and ${HUB_TOKEN} may not read it: accept its terms at ${page} with the account of that token`;
  }
  if (lacksToken(facts)) {
    return `${name} is gated, and ${HUB_TOKEN} is not set: accept its terms at ${page}, set ${HUB_TOKEN}, and ${give}`;
  }
  return isGiven ? null : `${name} is gated, and the engine is not given ${HUB_TOKEN}: ${give}`;
}

function lacksToken({ gated, access, unchecked }: ModelFacts): boolean {
  return gated === true && access === null && unchecked === null;
}

function wordsOf(facts: ModelFacts): string {
  const { exists, gated, access, source, unchecked } = facts;
  if (exists === false) return "not found";
  if (exists === null) {
    const why = unchecked === null ? "" : `: ${unchecked}`;
    return `${source === "name" ? "size by its name, " : ""}not checked${why}`;
  }
  if (source === "catalogue") return "of the catalogue";
  const size = source === "name" ? "size by its name, " : "";
  if (gated !== true) return `${size}open`;
  if (access === true) return `${size}gated, your token may read it`;
  if (access === false) return `${size}gated, ${HUB_TOKEN} may not read it`;
  return `${size}gated, ${lacksToken(facts) ? `${HUB_TOKEN} is not set` : `not checked: ${unchecked}`}`;
}
