// PURE. Whether a model fits into GPU memory: the rule of sql/14_fit.sql, held together with it by a test.
import type { CatalogGpu, CatalogModel } from "../schema/catalog.ts";
import type { Entry } from "../schema/entry.ts";
import { mostInFlight } from "../schema/load.ts";
import type { Workload } from "../schema/matrix.ts";

/** What the catalogue knows. */
export interface Catalog {
  readonly gpus: readonly CatalogGpu[];
  readonly models: readonly CatalogModel[];
}

export interface Fit {
  readonly needed_gib: number;
  readonly available_gib: number;
}

const GIB = 2 ** 30;
/** Keys and values are 16-bit numbers. */
const KV_BYTES = 2;
/** What driver and engine take for themselves, GiB. */
const OVERHEAD_GIB = 1;

/** Memory for weights of `size_gb` GB, keys and values of so many tokens, and driver and engine; GiB. */
export function neededGib(size_gb: number, kv_bytes_per_token: number, context_tokens: number): number {
  return (size_gb * 1e9 + kv_bytes_per_token * context_tokens) / GIB + OVERHEAD_GIB;
}

/** Bytes that one token of context takes: a key and a value in every layer. */
export function kvBytesPerToken({ layers, kv_heads, head_dim }: CatalogModel): number {
  return 2 * layers * kv_heads * head_dim * KV_BYTES;
}

/** What an entry needs and its GPUs have; null when the catalogue lacks the model or the GPU. */
export function fitOf({ model, gpu, gpu_count, workload }: Entry, { gpus, models }: Catalog): Fit | null {
  const known = models.find(({ name }) => name === model);
  const card = gpus.find(({ name }) => name === gpu);
  const size_gb = known?.sizes_gb[known.quantization];
  if (known === undefined || card === undefined || size_gb === undefined) return null;
  return {
    needed_gib: neededGib(size_gb, kvBytesPerToken(known), contextTokens(workload)),
    available_gib: card.memory_gib * gpu_count,
  };
}

/** Size of a model's weights, GB; null when the catalogue lacks it. */
export function sizeGb(model: string, { models }: Catalog): number | null {
  const known = models.find(({ name }) => name === model);
  return known?.sizes_gb[known.quantization] ?? null;
}

/** Tokens whose keys and values are held at the highest load level. */
function contextTokens(workload: Workload): number {
  return workload.context_tokens * mostInFlight(workload);
}
