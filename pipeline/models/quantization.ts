// PURE. How a name tells its quantisation, and how many bits a parameter then takes, scales included.

export interface Quantization {
  readonly label: string;
  readonly bits: number;
}

/** The plain name of a model in safetensors, and in GGUF. */
const UNQUANTIZED: Quantization = { label: "BF16", bits: 16 };
const USUAL_GGUF: Quantization = { label: "Q4_K_M", bits: 4.85 };

/** Bits by the beginning of a GGUF quantisation; the first that fits counts. */
const GGUF_BITS: readonly (readonly [string, number])[] = [
  ["IQ1", 1.8],
  ["IQ2", 2.5],
  ["IQ3", 3.4],
  ["IQ4", 4.3],
  ["TQ1", 1.7],
  ["TQ2", 2.1],
  ["Q2", 2.9],
  ["Q3", 3.7],
  ["Q4_0", 4.5],
  ["Q4", 4.8],
  ["Q5", 5.6],
  ["Q6", 6.6],
  ["Q8", 8.5],
  ["MXFP4", 4.3],
  ["BF16", 16],
  ["FP16", 16],
  ["F16", 16],
  ["F32", 32],
];
const GGUF_NAME = /(?:^|[-_.:/])((?:i?q\d(?:_[a-z0-9]+)*|tq\d_\d|mxfp4|bf16|fp16|f16|f32))(?![a-z0-9])/i;

/** Names of repositories of safetensors; the first that fits counts. gpt-oss comes in MXFP4 and does not say so. */
const HUB_NAMES: readonly (readonly [RegExp, Quantization])[] = [
  [/nvfp4/i, { label: "NVFP4", bits: 4.5 }],
  [/mxfp4|gpt-oss/i, { label: "MXFP4", bits: 4.3 }],
  [/int8|8-?bit|w8a(8|16)/i, { label: "INT8", bits: 8 }],
  [/fp8|f8/i, { label: "FP8", bits: 8 }],
  [/(^|[^a-z])(3-?bit|int3|w3a16)/i, { label: "INT3", bits: 3.2 }],
  [/(^|[^a-z])awq/i, { label: "AWQ", bits: 4.2 }],
  [/(^|[^a-z])gptq/i, { label: "GPTQ", bits: 4.2 }],
  [/bnb-?4bit/i, { label: "bnb-4bit", bits: 4.2 }],
  [/int4|4-?bit|w4a(4|8|16)|(^|[^a-z])fp4/i, { label: "INT4", bits: 4.2 }],
];

/** What the name of a GGUF model or file says; Q4_K_M where it says nothing, as Ollama and llama.cpp take it. */
export function ggufQuantization(name: string): Quantization {
  const label = GGUF_NAME.exec(name)?.[1]?.toUpperCase();
  const bits = label === undefined ? undefined : GGUF_BITS.find(([start]) => label.startsWith(start))?.[1];
  return label === undefined || bits === undefined ? USUAL_GGUF : { label, bits };
}

/** What the name of a repository of safetensors says; 16 bits where it says nothing. */
export function hubQuantization(name: string): Quantization {
  return HUB_NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? UNQUANTIZED;
}
