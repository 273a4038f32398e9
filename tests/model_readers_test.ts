// What names, config.json, the hub, GGUF headers and Ollama tell of a model, on their real shapes and on spoilt ones.
import { deepEqual, equal, ok } from "node:assert/strict";
import { readConfig } from "../pipeline/models/config.ts";
import { ggufFields, shapesIn } from "../pipeline/models/gguf.ts";
import { ggufFiles } from "../pipeline/models/gguf_files.ts";
import {
  bytesByDtype,
  fetchedBytes,
  readIndex,
  readRepository,
  type Repository,
  usualDtype,
  weightBytes,
} from "../pipeline/models/hub.ts";
import { factsByName, parametersIn } from "../pipeline/models/name.ts";
import { atHub, ollamaName, readManifest, readShow } from "../pipeline/models/ollama.ts";
import { headerOf } from "./fakes/hub.ts";
import { DEEPSEEK_V3, LLAMA_8B, LLAMA_8B_API, MIXTRAL, QWEN_30B_A3B, QWEN_7B_AWQ } from "./models.ts";

const config = (changes: object) => readConfig(JSON.stringify(changes));
const repository = (answer: unknown): Repository => {
  const read = readRepository(JSON.stringify(answer));
  ok(read !== null);
  return read;
};

Deno.test("a name tells its parameters, of several numbers the whole; what only looks like one tells nothing", () => {
  const told: Record<string, number | null> = {
    "meta-llama/Llama-3.1-70B-Instruct": 70e9,
    "qwen2.5:1.5b": 1.5e9,
    "HuggingFaceTB/SmolLM2-350M": 350e6,
    "Qwen/Qwen3-30B-A3B-Instruct-2507": 30e9,
    "allenai/OLMoE-1B-7B-0924": 7e9,
    "deepseek-r1:70b-llama-distill-q4_K_M": 70e9,
    "google/gemma-3n-E4B-it": null,
    "meta-llama/Llama-4-Scout-17B-16E-Instruct": null,
    "unsloth/something-bnb-4bit": null,
    "somebody/v2beta": null,
    "phi3:mini": null,
  };
  for (const [name, parameters] of Object.entries(told)) equal(parametersIn(name), parameters, name);
  const mixtral = parametersIn("mistralai/Mixtral-8x7B-Instruct-v0.1") ?? 0;
  ok(Math.abs(mixtral - 46.7e9) < 1e9, String(mixtral));
});

Deno.test("a name tells its quantisation, and from both follows a size near that of the files", () => {
  const files: readonly (readonly [string, boolean, string, number])[] = [
    ["meta-llama/Llama-3.1-70B-Instruct", false, "BF16", 141.1],
    ["hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", false, "AWQ", 39.8],
    ["casperhansen/llama-3-70b-instruct-awq", false, "AWQ", 39.8],
    ["TheBloke/Llama-2-70B-Chat-GPTQ", false, "GPTQ", 36.7],
    ["neuralmagic/Meta-Llama-3.1-70B-Instruct-FP8", false, "FP8", 72.7],
    ["nvidia/Llama-3.3-70B-Instruct-NVFP4", false, "NVFP4", 42.5],
    ["openai/gpt-oss-120b", false, "MXFP4", 65.2],
    ["unsloth/Meta-Llama-3.1-70B-bnb-4bit", false, "BNB-4BIT", 39.5],
    ["Qwen/Qwen2.5-72B-Instruct-GPTQ-Int8", false, "INT8", 77.2],
    ["bartowski/Llama-3.3-70B-Instruct-GGUF:Q4_K_M", true, "Q4_K_M", 42.5],
    ["bartowski/Llama-3.3-70B-Instruct-GGUF:IQ2_XS", true, "IQ2_XS", 21.1],
    ["llama3.3:70b", true, "Q4_K_M", 42.5],
    ["llama3.3:70b-instruct-q8_0", true, "Q8_0", 75],
    ["llama3.1:70b-instruct-fp16", true, "FP16", 141.1],
  ];
  for (const [name, isGguf, quantization, gb] of files) {
    const facts = factsByName(name, "hub", isGguf, null);
    equal(facts.quantization?.toUpperCase(), quantization, name);
    const weights = facts.weights_gb ?? 0;
    ok(weights > 0.85 * gb && weights < 1.1 * gb, `${name}: ${weights} GB, its files have ${gb}`);
    equal(facts.source, "name");
  }
  equal(factsByName("somebody/else", "hub", false, null).source, "unknown");
});

Deno.test("config.json tells parameters, layers, heads and what keys and values of a token take", () => {
  const llama = readConfig(JSON.stringify(LLAMA_8B));
  ok(llama !== null);
  const { parameters, ...rest } = llama;
  ok(Math.abs((parameters ?? 0) / 8_030_261_248 - 1) < 0.001, String(parameters));
  deepEqual(rest, {
    layers: 32,
    heads: 32,
    kv_heads: 8,
    head_dim: 128,
    kv_bytes_per_token: 131_072,
    context_length: 131_072,
    dtype: "bfloat16",
    quantization: null,
    bits: null,
  });
});

Deno.test("experts are counted in full, and latent attention keeps one short vector a layer", () => {
  const near = (told: number | null | undefined, known: number) => Math.abs((told ?? 0) / known - 1) < 0.01;
  ok(near(config(MIXTRAL)?.parameters, 46.7e9), String(config(MIXTRAL)?.parameters));
  ok(near(config(QWEN_30B_A3B)?.parameters, 30.5e9), String(config(QWEN_30B_A3B)?.parameters));
  const deepseek = config(DEEPSEEK_V3);
  deepEqual([deepseek?.kv_bytes_per_token, deepseek?.parameters, deepseek?.quantization, deepseek?.bits], [
    61 * 576 * 2,
    null,
    "fp8",
    8,
  ]);
});

Deno.test("of layers that slide or keep no keys only the others count, and where it is not told which, none is reckoned with", () => {
  const text = { ...LLAMA_8B, num_hidden_layers: 4 };
  const types = (...layer_types: string[]) => config({ ...text, layer_types });
  equal(types("sliding_attention", "sliding_attention", "full_attention", "linear_attention")?.layers, 1);
  equal(config({ ...LLAMA_8B, num_hidden_layers: 48, full_attention_interval: 4 })?.layers, 12);
  equal(config({ ...LLAMA_8B, sliding_window: 4096 })?.kv_bytes_per_token, null);
  equal(config({ ...LLAMA_8B, sliding_window: 4096, use_sliding_window: false })?.layers, 32);
  equal(config({ ...LLAMA_8B, sliding_window: 262_144 })?.layers, 32);
  equal(config({ ...LLAMA_8B, mamba_d_state: 16 })?.layers, null);
});

Deno.test("the text part of a model for pictures counts, and old names of the keys are known", () => {
  const { layers, kv_heads, head_dim, dtype } = config({ text_config: LLAMA_8B, vision_config: {} }) ?? {};
  deepEqual([layers, kv_heads, head_dim, dtype], [32, 8, 128, "bfloat16"]);
  const gpt2 = config({ n_layer: 12, n_head: 12, n_embd: 768, n_positions: 1024 });
  const stretched = (rope_scaling: object) => config({ ...LLAMA_8B, rope_scaling })?.context_length;
  deepEqual(
    [
      stretched({ rope_type: "llama3", factor: 8, original_max_position_embeddings: 8192 }),
      stretched({ type: "linear", factor: 2 }),
      stretched({ rope_type: "yarn", factor: 40, original_max_position_embeddings: 4096 }),
      stretched({ rope_type: "yarn", factor: -4 }),
    ],
    [131_072, 262_144, 163_840, 131_072],
  );
  deepEqual([gpt2?.layers, gpt2?.kv_heads, gpt2?.head_dim, gpt2?.context_length], [12, 12, 64, 1024]);
  equal(config({ ...LLAMA_8B, num_key_value_heads: undefined, multi_query: true })?.kv_heads, 1);
});

Deno.test("quantisation is told as quant_method or quant_algo with its bits", () => {
  const told = (quantization_config: object) => config({ quantization_config })?.quantization;
  equal(config(QWEN_7B_AWQ)?.quantization, "awq 4-bit");
  equal(told({ quant_method: "gptq", bits: 8 }), "gptq 8-bit");
  equal(told({ quant_method: "bitsandbytes", load_in_4bit: true }), "bitsandbytes 4-bit");
  equal(told({ quant_method: "compressed-tensors", config_groups: {} }), "compressed-tensors");
  equal(told({ quant_method: "modelopt", quant_algo: "NVFP4" }), "NVFP4");
  equal(told({ quant_method: "mxfp4" }), "mxfp4");
  equal(told({ quant_method: "\u001b[2J" }), null);
});

Deno.test("the hub's answer tells who may read, the files that engines load and all that they fetch", () => {
  const llama = repository(LLAMA_8B_API);
  equal(llama.needs_token, true);
  equal(llama.parameters, 8_030_261_248);
  // original/consolidated.00.pth is neither fetched nor loaded.
  deepEqual([weightBytes(llama), fetchedBytes(llama)], [16_060_556_376, 16_060_556_376]);
  deepEqual([bytesByDtype(llama), usualDtype(llama)], [16_060_522_496, "BF16"]);
  const tokens = (answer: object) => repository(answer).needs_token;
  deepEqual([{ gated: "auto" }, { gated: "manual" }, { gated: false }, { private: true }, {}].map(tokens), [
    true,
    true,
    false,
    true,
    false,
  ]);
});

Deno.test("a repository with its weights in two forms is loaded from one and fetched in both", () => {
  const files = (...siblings: [string, number | undefined][]) =>
    repository({ siblings: siblings.map(([rfilename, size]) => ({ rfilename, size })) });
  const twice = files(["model-00001-of-00002.safetensors", 3], ["model-00002-of-00002.safetensors", 4], [
    "consolidated.safetensors",
    7,
  ], ["pytorch_model.bin", 9]);
  deepEqual([weightBytes(twice), fetchedBytes(twice)], [7, 14]);
  const beside = files(["model.safetensors", 7], ["original/model.safetensors", 7], [
    "extra/adapter.safetensors",
    1,
  ]);
  deepEqual([weightBytes(beside), fetchedBytes(beside)], [7, 8]);
  const old = files(["pytorch_model-00001-of-00001.bin", 9], ["config.json", 1]);
  deepEqual([weightBytes(old), fetchedBytes(old)], [9, 9]);
  equal(weightBytes(files(["model.safetensors", undefined])), null);
  equal(weightBytes(files(["README.md", 1])), null);
  equal(readIndex('{"metadata":{"total_size":16060522496},"weight_map":{}}'), 16_060_522_496);
  equal(readIndex('{"metadata":[]}'), null);
});

Deno.test("llama.cpp takes the files of the quantisation that is named, all parts of them, and no file beside", () => {
  const paths = [
    "mmproj-model-Q8_0.gguf",
    "README.md",
    "m-Q2_K.gguf",
    "m-q4_k_m.gguf",
    "UD-Q6_K/m-Q6_K-00002-of-00002.gguf",
    "UD-Q6_K/m-Q6_K-00001-of-00002.gguf",
    "m-Q8_0.gguf",
  ];
  const chosen = (quantization: string | null, some = paths) =>
    ggufFiles(some.map((path) => ({ path, size: 1 })), quantization).map(({ path }) => path);
  deepEqual(chosen("Q4_K_M"), ["m-q4_k_m.gguf"]);
  deepEqual(chosen("q6_k"), ["UD-Q6_K/m-Q6_K-00001-of-00002.gguf", "UD-Q6_K/m-Q6_K-00002-of-00002.gguf"]);
  deepEqual(chosen(null), ["m-q4_k_m.gguf"]);
  deepEqual(chosen(null, ["x-Q8_0.gguf"]), ["x-Q8_0.gguf"]);
  deepEqual(chosen(null, ["x.gguf"]), ["x.gguf"]);
  deepEqual(chosen("Q5_0"), []);
});

Deno.test("a GGUF header tells its shapes wherever it is cut behind them, and bytes of any other kind tell nothing", () => {
  const header = headerOf();
  const shapes = shapesIn(ggufFields(header));
  deepEqual({ ...shapes, parameters: null }, {
    parameters: null,
    layers: 28,
    heads: 28,
    kv_heads: 4,
    head_dim: 128,
    kv_bytes_per_token: 28 * 4 * 256 * 2,
    context_length: 32_768,
  });
  deepEqual(shapesIn(ggufFields(header.subarray(0, 1024))), shapes);
  for (let length = 0; length < 600; length += 7) ok(ggufFields(header.subarray(0, length)).size <= 22);
  for (
    const spoilt of [[], [0x47, 0x47, 0x55, 0x46], Array(64).fill(0xff), [
      ...header.slice(0, 40),
      ...Array(400).fill(0xff),
    ]]
  ) {
    deepEqual(shapesIn(ggufFields(new Uint8Array(spoilt))).layers, null);
  }
});

Deno.test("Ollama's /api/show tells what a GGUF header tells, and its manifest the sizes of what is pulled", () => {
  const shown = readShow(JSON.stringify({
    details: { quantization_level: "Q4_0", parameter_size: "8.0B" },
    model_info: {
      "general.architecture": "llama",
      "general.parameter_count": 8_030_261_248,
      "llama.attention.head_count": 32,
      "llama.attention.head_count_kv": 8,
      "llama.block_count": 32,
      "llama.context_length": 8192,
      "llama.embedding_length": 4096,
      "tokenizer.ggml.tokens": [],
    },
  }));
  deepEqual(shown, {
    parameters: 8_030_261_248,
    layers: 32,
    heads: 32,
    kv_heads: 8,
    head_dim: 128,
    kv_bytes_per_token: 131_072,
    context_length: 8192,
    quantization: "Q4_0",
  });
  const layer = (kind: string, size: number, digit = "a") => ({
    mediaType: `application/vnd.ollama.image.${kind}`,
    digest: `sha256:${digit.repeat(64)}`,
    size,
  });
  const layers = [
    layer("model", 4_683_073_184),
    layer("projector", 600_000_000, "b"),
    layer("license", 11_343),
  ];
  deepEqual(readManifest(JSON.stringify({ schemaVersion: 2, layers })), {
    bytes: 5_283_084_527,
    weight_bytes: 5_283_073_184,
    digest: `sha256:${"a".repeat(64)}`,
  });
  equal(readManifest('{"errors":[]}'), null);
});

Deno.test("a name of Ollama's has owner and tag, and may mean a repository at the hub", () => {
  deepEqual(ollamaName("qwen3"), { owner: "library", model: "qwen3", tag: "latest" });
  deepEqual(ollamaName("somebody/m:7b-q8_0"), { owner: "somebody", model: "m", tag: "7b-q8_0" });
  for (const name of ["a/b/c:d", "../x", "m:../../v2", "m: b", "registry.example/a/b"]) {
    equal(ollamaName(name), null, name);
  }
  equal(
    atHub("hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M"),
    "bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M",
  );
  equal(atHub("qwen3:8b"), null);
});

Deno.test("figures that no model has, other types and deep nesting count as not told", () => {
  const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
  for (const text of ["", "[]", "null", "7", "{", deep, '"text"']) {
    for (const read of [readConfig, readRepository]) {
      ok(read(text) === null || typeof read(text) === "object");
    }
    equal(readConfig(text)?.layers ?? null, null);
    equal(readRepository(text)?.parameters ?? null, null);
    equal(readManifest(text), null);
  }
  for (const odd of [-1, 0, 1.5, 1e300, "32", null, [], {}, true]) {
    equal(config({ ...LLAMA_8B, num_hidden_layers: odd })?.kv_bytes_per_token, null, String(odd));
    equal(repository({ safetensors: { total: odd, parameters: odd }, siblings: odd }).parameters, null);
    equal(
      repository({ siblings: [{ rfilename: "model.safetensors", size: odd }, odd] }).files[0]?.size,
      null,
    );
  }
});
