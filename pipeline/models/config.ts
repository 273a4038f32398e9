// PURE. config.json of a repository: the shapes that say what keys and values take, and how many parameters there are.
import { z } from "zod";
import { KV_BYTES, type ModelFacts } from "../schema/model_facts.ts";
import { Count, Few, Flag, objectIn, Word } from "./numbers.ts";

/** What of a model's shapes matters here. */
export type Shapes = Pick<
  ModelFacts,
  "parameters" | "layers" | "heads" | "kv_heads" | "head_dim" | "kv_bytes_per_token" | "context_length"
>;

export interface Config extends Shapes {
  readonly dtype: string | null;
  readonly quantization: string | null;
  /** Bits of a quantised parameter. */
  readonly bits: number | null;
}

const Rope = z.object({
  rope_type: Word,
  type: Word,
  factor: z.number().min(1).max(1e4).nullish().catch(null),
  original_max_position_embeddings: Count,
}).nullish().catch(null);
/** With these a configuration tells the longer context itself. */
const NOT_STRETCHED = ["default", "llama3", "longrope", "su", "mrope"];

const Text = z.object({
  num_hidden_layers: Few,
  n_layer: Few,
  num_attention_heads: Few,
  n_head: Few,
  num_key_value_heads: Few,
  num_kv_heads: Few,
  multi_query: Flag,
  head_dim: Few,
  hidden_size: Few,
  n_embd: Few,
  intermediate_size: Few,
  vocab_size: Count,
  tie_word_embeddings: Flag,
  max_position_embeddings: Count,
  n_positions: Count,
  rope_scaling: Rope,
  rope_parameters: Rope,
  sliding_window: Count,
  use_sliding_window: Flag,
  layer_types: z.array(z.string()).max(10_000).nullish().catch(null),
  full_attention_interval: Few,
  num_experts: Few,
  num_local_experts: Few,
  n_routed_experts: Few,
  n_shared_experts: Few,
  moe_intermediate_size: Few,
  shared_expert_intermediate_size: Few,
  first_k_dense_replace: Few,
  kv_lora_rank: Few,
  qk_rope_head_dim: Few,
  dtype: Word,
  torch_dtype: Word,
});
type Text = z.infer<typeof Text>;

const Nested = Text.nullish().catch(null);
const Quantized = z.object({
  quant_method: Word,
  quant_algo: Word,
  bits: Few,
  load_in_4bit: Flag,
  load_in_8bit: Flag,
});
const Whole = Text.extend({
  text_config: Nested,
  llm_config: Nested,
  language_config: Nested,
  quantization_config: Quantized.nullish().catch(null),
});

/** What `text`, a config.json, tells; null when it is none. */
export function readConfig(text: string): Config | null {
  const object = objectIn(text);
  if (object === null) return null;
  const whole = Whole.parse(object);
  const inner = whole.text_config ?? whole.llm_config ?? whole.language_config ?? whole;
  return {
    ...shapesOf(inner, /mamba|ssm_/.test(Object.keys(object).join(" "))),
    dtype: inner.dtype ?? inner.torch_dtype ?? whole.dtype ?? whole.torch_dtype,
    ...quantizationOf(whole.quantization_config ?? null),
  };
}

function shapesOf(text: Text, hasOtherLayers: boolean): Shapes {
  const heads = text.num_attention_heads ?? text.n_head;
  const kv_heads = text.num_key_value_heads ?? text.num_kv_heads ?? (text.multi_query === true ? 1 : heads);
  const hidden = text.hidden_size ?? text.n_embd;
  const head_dim = text.head_dim ?? (hidden === null || heads === null ? null : Math.floor(hidden / heads));
  const layers = layersWithContext(text, hasOtherLayers);
  const compressed = text.kv_lora_rank === null ? null : text.kv_lora_rank + (text.qk_rope_head_dim ?? 0);
  const kept = compressed ?? (kv_heads === null || head_dim === null ? null : 2 * kv_heads * head_dim);
  return {
    parameters: parametersOf(text, { heads, kv_heads, hidden, head_dim }),
    layers,
    heads,
    kv_heads: compressed === null ? kv_heads : 1,
    head_dim: compressed ?? head_dim,
    kv_bytes_per_token: layers === null || kept === null ? null : layers * kept * KV_BYTES,
    context_length: contextOf(text),
  };
}

/** The longest context that engines let it have. */
function contextOf(
  { max_position_embeddings, n_positions, rope_parameters, rope_scaling }: Text,
): number | null {
  const told = max_position_embeddings ?? n_positions;
  const rope = rope_scaling ?? rope_parameters ?? null;
  const factor = rope?.factor ?? null;
  if (told === null || rope === null || factor === null) return told;
  if (NOT_STRETCHED.includes(rope.rope_type ?? rope.type ?? "default")) return told;
  return Math.max(told, Math.floor((rope.original_max_position_embeddings ?? told) * factor));
}

/** Layers that keep keys and values of the whole context; null where the shapes do not say which do. */
function layersWithContext(text: Text, hasOtherLayers: boolean): number | null {
  const { layer_types, full_attention_interval: interval, sliding_window, use_sliding_window } = text;
  const all = text.num_hidden_layers ?? text.n_layer;
  if (layer_types) return layer_types.filter((type) => type === "full_attention").length || null;
  if (interval !== null) return all === null ? null : Math.floor(all / interval) || null;
  const slides = sliding_window !== null && use_sliding_window !== false &&
    sliding_window < (text.max_position_embeddings ?? Infinity);
  return slides || hasOtherLayers ? null : all;
}

/** Parameters of a transformer with gated layers, dense or of experts; null for other shapes. */
function parametersOf(
  text: Text,
  { heads, kv_heads, hidden, head_dim }: Record<"heads" | "kv_heads" | "hidden" | "head_dim", number | null>,
): number | null {
  const { vocab_size, num_hidden_layers: layers, intermediate_size, tie_word_embeddings } = text;
  if (vocab_size === null || layers === null || hidden === null || intermediate_size === null) return null;
  if (heads === null || kv_heads === null || head_dim === null || text.kv_lora_rank !== null) return null;
  const matrices = (width: number) => 3 * hidden * width;
  const experts = text.num_experts ?? text.num_local_experts ?? text.n_routed_experts;
  const width = text.moe_intermediate_size ?? intermediate_size;
  const shared = text.shared_expert_intermediate_size ?? (text.n_shared_experts ?? 0) * width;
  const sparse = experts === null ? 0 : layers - (text.first_k_dense_replace ?? 0);
  return vocab_size * hidden * (tie_word_embeddings === false ? 2 : 1) +
    layers * hidden * head_dim * 2 * (heads + kv_heads) +
    (layers - sparse) * matrices(intermediate_size) +
    sparse * ((experts ?? 0) * matrices(width) + matrices(shared));
}

function quantizationOf(told: z.infer<typeof Quantized> | null): Pick<Config, "quantization" | "bits"> {
  const name = told?.quant_algo ?? told?.quant_method ?? null;
  if (told === null || name === null) return { quantization: null, bits: null };
  const bits = told.bits ?? (told.load_in_4bit === true ? 4 : told.load_in_8bit === true ? 8 : null) ??
    (/fp4/i.test(name) ? 4 : /fp8/i.test(name) ? 8 : null);
  return { quantization: bits === null || /\d/.test(name) ? name : `${name} ${bits}-bit`, bits };
}
