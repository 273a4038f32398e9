// What is known of a model before anything is rented: whether it is there, who may read it, how large it is.
import type { CatalogModel } from "./catalog.ts";
import type { EngineName } from "./names.ts";

/** Where an engine looks a model's name up: the hub is huggingface.co, for every engine but Ollama. */
export type Library = "hub" | "ollama";

/** The variable with the user's token for the hub. */
export const HUB_TOKEN = "HF_TOKEN";

/** Null is what nobody told. */
export interface ModelFacts {
  /** As the matrix names it. */
  readonly name: string;
  readonly library: Library;
  /** False: the library says that there is no such model, or none that may be seen. */
  readonly exists: boolean | null;
  /** Whether only a token that was let in may read it. */
  readonly gated: boolean | null;
  /** Whether the user's token may read it; null where none is needed, none is set, or nobody could say. */
  readonly access: boolean | null;
  readonly parameters: number | null;
  /** Its weights in GPU memory, GB. */
  readonly weights_gb: number | null;
  /** What an engine fetches of it, GB. */
  readonly download_gb: number | null;
  readonly quantization: string | null;
  readonly dtype: string | null;
  /** Layers that keep keys and values of the whole context. */
  readonly layers: number | null;
  /** Attention heads, which tensor parallelism divides. */
  readonly heads: number | null;
  readonly kv_heads: number | null;
  readonly head_dim: number | null;
  /** Keys and values of one token, bytes. */
  readonly kv_bytes_per_token: number | null;
  readonly context_length: number | null;
  /** Who told its size. */
  readonly source: "catalogue" | "hub" | "gguf" | "ollama" | "name" | "unknown";
  /** Why the library did not tell all that it was asked for; null when it did, or knows more than is needed. */
  readonly unchecked: string | null;
}

/** Bytes of a number among keys and values: 16 bits, where no flag says otherwise. */
export const KV_BYTES = 2;

/** Bytes that one token of context takes: a key and a value in every layer. */
export function kvBytesPerToken(
  { layers, kv_heads, head_dim }: Pick<CatalogModel, "layers" | "kv_heads" | "head_dim">,
): number {
  return 2 * layers * kv_heads * head_dim * KV_BYTES;
}

/** Of a model of which nothing is known. */
export function nothingKnown(name: string, library: Library, unchecked: string | null): ModelFacts {
  return {
    name,
    library,
    exists: null,
    gated: null,
    access: null,
    parameters: null,
    weights_gb: null,
    download_gb: null,
    quantization: null,
    dtype: null,
    layers: null,
    heads: null,
    kv_heads: null,
    head_dim: null,
    kv_bytes_per_token: null,
    context_length: null,
    source: "unknown",
    unchecked,
  };
}

/** Where an engine looks names up. */
export function libraryOf(engine: EngineName): Library {
  return engine === "ollama" ? "ollama" : "hub";
}
