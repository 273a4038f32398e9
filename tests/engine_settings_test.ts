// What flags of a server say of its settings, and whether it uses all GPUs that are paid for.
import { deepEqual, equal } from "node:assert/strict";
import { EngineSettings, settingsOf, spreadFlags, whyNotSpread } from "../pipeline/schema/engine_settings.ts";

const NOT_TOLD: EngineSettings = {
  tp: null,
  pp: null,
  dp: null,
  dtype: null,
  kv_dtype: null,
  max_model_len: null,
  speculative: null,
};

for (
  const [engine, flags, told] of [
    ["vllm", [], { tp: 1, pp: 1, dp: 1 }],
    ["vllm", ["--tensor-parallel-size", "4", "--dtype=bfloat16"], { tp: 4, pp: 1, dp: 1, dtype: "bfloat16" }],
    ["vllm", ["-tp", "2", "-pp", "2", "-dp=2"], { tp: 2, pp: 2, dp: 2 }],
    // The last of several counts.
    ["vllm", ["--max-model-len", "1024", "--max-model-len", "4096"], {
      tp: 1,
      pp: 1,
      dp: 1,
      max_model_len: 4096,
    }],
    ["vllm", ["--kv-cache-dtype", "fp8", "--speculative-config", '{"method": "eagle3", "model": "x"}'], {
      tp: 1,
      pp: 1,
      dp: 1,
      kv_dtype: "fp8",
      speculative: "eagle3",
    }],
    // What is no number, or no plain word, is not known.
    ["vllm", ["--max-model-len", "32k", "--dtype", "a b"], { tp: 1, pp: 1, dp: 1 }],
    ["vllm", ["--dtype"], { tp: 1, pp: 1, dp: 1 }],
    // vLLM takes underscores for dashes.
    ["vllm", ["--tensor_parallel_size", "4", "--max_model_len=4096"], {
      tp: 4,
      pp: 1,
      dp: 1,
      max_model_len: 4096,
    }],
    ["sglang", ["--tp", "8", "--context-length", "8192", "--speculative-algorithm", "EAGLE"], {
      tp: 8,
      pp: 1,
      dp: 1,
      max_model_len: 8192,
      speculative: "EAGLE",
    }],
    ["llama.cpp", ["--cache-type-k", "q8_0", "-md", "/models/draft.gguf"], {
      kv_dtype: "q8_0",
      speculative: "draft model",
    }],
    ["ollama", ["--dtype", "x"], {}],
  ] as const
) {
  Deno.test(`the flags ${JSON.stringify(flags)} of ${engine} say ${JSON.stringify(told)}`, () => {
    const settings = settingsOf(engine, flags);
    deepEqual(settings, { ...NOT_TOLD, ...told });
    deepEqual(EngineSettings.parse(settings), settings);
  });
}

for (
  const [engine, flags, gpus, added] of [
    ["vllm", [], 1, []],
    ["vllm", [], 4, ["--tensor-parallel-size", "4"]],
    ["vllm", ["-dp", "2"], 4, ["--tensor-parallel-size", "2"]],
    ["vllm", ["-tp=1", "-pp", "4"], 4, []],
    ["sglang", [], 2, ["--tensor-parallel-size", "2"]],
    // Its copies share the GPUs of tensor parallelism.
    ["sglang", ["--dp", "8", "--enable-dp-attention"], 8, ["--tensor-parallel-size", "8"]],
    ["llama.cpp", [], 4, []],
    ["ollama", [], 4, []],
  ] as const
) {
  Deno.test(`${engine} with ${JSON.stringify(flags)} is spread over ${gpus} GPUs by ${JSON.stringify(added)}`, () => {
    equal(whyNotSpread(engine, flags, gpus), null);
    deepEqual(spreadFlags(engine, flags, gpus), added);
    const { tp, pp, dp } = settingsOf(engine, [...added, ...flags]);
    const isShared = (flags as readonly string[]).includes("--enable-dp-attention");
    if (tp !== null) equal(tp * (pp ?? 1) * (isShared ? 1 : dp ?? 1), gpus);
  });
}
