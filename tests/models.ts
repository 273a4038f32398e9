// What real models tell of themselves, shortened to what is read: config.json, and the hub's answer about one of them.

export const LLAMA_8B = {
  architectures: ["LlamaForCausalLM"],
  hidden_size: 4096,
  intermediate_size: 14_336,
  max_position_embeddings: 131_072,
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  rope_scaling: { factor: 8, rope_type: "llama3" },
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  vocab_size: 128_256,
};

export const LLAMA_8B_API = {
  id: "meta-llama/Llama-3.1-8B-Instruct",
  private: false,
  gated: "manual",
  siblings: [
    { rfilename: "config.json", size: 855 },
    { rfilename: "model-00001-of-00004.safetensors", size: 4_976_698_672, lfs: { size: 4_976_698_672 } },
    { rfilename: "model-00002-of-00004.safetensors", size: 4_999_802_720 },
    { rfilename: "model-00003-of-00004.safetensors", size: 4_915_916_176 },
    { rfilename: "model-00004-of-00004.safetensors", size: 1_168_138_808 },
    { rfilename: "model.safetensors.index.json", size: 23_950 },
    { rfilename: "original/consolidated.00.pth", size: 16_060_617_592 },
  ],
  safetensors: { parameters: { BF16: 8_030_261_248 }, total: 8_030_261_248 },
  usedStorage: 32_158_192_699,
};

export const MIXTRAL = {
  hidden_size: 4096,
  intermediate_size: 14_336,
  max_position_embeddings: 32_768,
  num_attention_heads: 32,
  num_experts_per_tok: 2,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  num_local_experts: 8,
  sliding_window: null,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  vocab_size: 32_000,
};

export const QWEN_30B_A3B = {
  head_dim: 128,
  hidden_size: 2048,
  intermediate_size: 6144,
  max_position_embeddings: 262_144,
  moe_intermediate_size: 768,
  num_attention_heads: 32,
  num_experts: 128,
  num_experts_per_tok: 8,
  num_hidden_layers: 48,
  num_key_value_heads: 4,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  vocab_size: 151_936,
};

export const DEEPSEEK_V3 = {
  first_k_dense_replace: 3,
  hidden_size: 7168,
  intermediate_size: 18_432,
  kv_lora_rank: 512,
  max_position_embeddings: 163_840,
  moe_intermediate_size: 2048,
  n_routed_experts: 256,
  n_shared_experts: 1,
  num_attention_heads: 128,
  num_hidden_layers: 61,
  num_key_value_heads: 128,
  qk_rope_head_dim: 64,
  quantization_config: { activation_scheme: "dynamic", fmt: "e4m3", quant_method: "fp8" },
  torch_dtype: "bfloat16",
  vocab_size: 129_280,
};

export const QWEN_7B_AWQ = {
  hidden_size: 3584,
  intermediate_size: 18_944,
  max_position_embeddings: 32_768,
  num_attention_heads: 28,
  num_hidden_layers: 28,
  num_key_value_heads: 4,
  quantization_config: { bits: 4, group_size: 128, quant_method: "awq", version: "gemm", zero_point: true },
  sliding_window: 131_072,
  tie_word_embeddings: false,
  torch_dtype: "float16",
  use_sliding_window: false,
  vocab_size: 152_064,
};
