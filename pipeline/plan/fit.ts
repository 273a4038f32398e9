// PURE. Whether a model fits into GPU memory: the rule of sql/14_fit.sql, held together with it by a test.
import type { CatalogGpu, CatalogModel } from "../schema/catalog.ts";
import type { Entry } from "../schema/entry.ts";
import { mostInFlight } from "../schema/load.ts";
import { kvBytesPerToken, libraryOf, type ModelFacts } from "../schema/model_facts.ts";
import type { EngineName } from "../schema/names.ts";
import { settingsOf, sharesCopies, spreadFlags } from "../schema/engine_settings.ts";
import { flagName } from "../schema/flag_names.ts";
import { GIB } from "../schema/units.ts";
import { changesContext, changesWeights } from "./memory_flags.ts";

/** What the catalogue knows, and what was found out about models that it lacks. */
export interface Catalog {
  readonly gpus: readonly CatalogGpu[];
  readonly models: readonly CatalogModel[];
  readonly facts?: readonly ModelFacts[];
}

export interface Fit {
  readonly needed_gib: number;
  /** Of the GPUs that one copy of the model is spread over. */
  readonly available_gib: number;
}

/** What a model takes in GPU memory. */
interface Weight {
  readonly size_gb: number;
  /** 0 where the shapes are not known: then only the weights count. */
  readonly kv_bytes_per_token: number;
}

/** What driver and engine take for themselves, GiB. */
const OVERHEAD_GIB = 1;
/** Engines that let requests wait when keys and values of all no longer fit: one must. Others keep memory for all beforehand. */
const PAGED: readonly EngineName[] = ["vllm", "sglang"];

/** Memory for weights of `size_gb` GB, keys and values of so many tokens, and driver and engine; GiB. */
function neededGib(size_gb: number, kv_bytes_per_token: number, context_tokens: number): number {
  return (size_gb * 1e9 + kv_bytes_per_token * context_tokens) / GIB + OVERHEAD_GIB;
}

/** What an entry cannot do without and its GPUs have; null when the model's size or the GPU is not known. */
export function fitOf(entry: Entry, catalog: Catalog): Fit | null {
  const needed_gib = leastGib(entry, catalog);
  const card = catalog.gpus.find(({ name }) => name === entry.gpu);
  if (needed_gib === null || card === undefined) return null;
  return { needed_gib, available_gib: card.memory_gib * entry.gpu_count / copiesOf(entry) };
}

/** With it copies of a model of experts share them. */
const SHARED_EXPERTS = ["--enable-expert-parallel", "-ep", "--ep", "--ep-size", "--expert-parallel-size"];

/** How many copies of the whole model lie on the GPUs of an entry. */
export function copiesOf({ engine, gpu_count }: Pick<Entry, "engine" | "gpu_count">): number {
  const { name, flags = [] } = engine;
  if (sharesCopies(flags) || flags.some((flag) => SHARED_EXPERTS.includes(flagName(flag)))) return 1;
  return settingsOf(name, [...spreadFlags(name, flags, gpu_count), ...flags]).dp ?? 1;
}

/** GPU memory that an entry cannot do without, GiB; null when the model's size is not known or the entry's flags change it. */
export function leastGib({ model, engine, workload }: Entry, catalog: Catalog): number | null {
  const weight = weightOf(model, engine.name, catalog);
  const flags = engine.flags ?? [];
  if (weight === null || changesWeights(flags)) return null;
  const together = PAGED.includes(engine.name) ? 1 : mostInFlight(workload);
  const tokens = changesContext(flags) ? 0 : workload.context_tokens * together;
  return neededGib(weight.size_gb, weight.kv_bytes_per_token, tokens);
}

/** GB that are fetched for a model; null when nobody knows. */
export function sizeGb(model: string, catalog: Catalog): number | null {
  const known = catalogued(model, catalog)?.size_gb;
  if (known !== undefined) return known;
  const told = (catalog.facts ?? []).filter(({ name }) => name === model)
    .flatMap(({ download_gb, weights_gb }) => download_gb ?? weights_gb ?? []);
  return told.length === 0 ? null : Math.max(...told);
}

/** What was found out about a model as this engine knows it. */
export function factsOf(model: string, engine: EngineName, { facts = [] }: Catalog): ModelFacts | undefined {
  return facts.find(({ name, library }) => name === model && library === libraryOf(engine));
}

function weightOf(model: string, engine: EngineName, catalog: Catalog): Weight | null {
  const known = catalogued(model, catalog);
  if (known !== null) return known;
  const { weights_gb = null, kv_bytes_per_token = null } = factsOf(model, engine, catalog) ?? {};
  return weights_gb === null ? null : { size_gb: weights_gb, kv_bytes_per_token: kv_bytes_per_token ?? 0 };
}

function catalogued(model: string, { models }: Catalog): Weight | null {
  const known = models.find(({ name }) => name === model);
  const size_gb = known?.sizes_gb[known.quantization];
  return known === undefined || size_gb === undefined
    ? null
    : { size_gb, kv_bytes_per_token: kvBytesPerToken(known) };
}
