// PURE. What simulated libraries know of a model by its name: how large its weights are, and who may have them.
import catalog from "../../data/catalog/models.json" with { type: "json" };

const DEFAULT_GB = 4.4;
/** Bytes a parameter takes, by a word of the model's name; 16 bits where it has none. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/awq|gptq|int4|w4a16|q4|4bit|nvfp4|mxfp4/i, 0.58],
  [/fp8|int8|w8a8|q8|8bit/i, 1.06],
];
const FULL_WIDTH = 2.02;
/** Libraries ask for an account before they give these. */
const GATED = /^(meta-llama|google)\//i;

/** Bytes of its weights. */
export function bytesOf(model: string): number {
  const known = catalog.models.find(({ name }) => name === model || `${name}:latest` === model);
  const sizes: Record<string, number | undefined> = known?.sizes_gb ?? {};
  return Math.round((sizes[known?.quantization ?? ""] ?? sizeInName(model) ?? DEFAULT_GB) * 1e9);
}

/** GB by what a name such as `Qwen/Qwen2.5-7B-Instruct-AWQ` says; null when it says nothing. */
function sizeInName(model: string): number | null {
  const [, billions] = /(?:^|[-_/])(\d+(?:\.\d+)?)b(?![a-z])/i.exec(model) ?? [];
  if (billions === undefined || !model.includes("/")) return null;
  const [, width] = WIDTHS.find(([word]) => word.test(model)) ?? [null, FULL_WIDTH];
  return Number(billions) * width;
}

/** The word of its name that says how its weights are quantised; null where there is none. */
export function quantizationOf(model: string): string | null {
  return /awq|gptq|fp8/i.exec(model)?.[0].toLowerCase() ?? null;
}

/** What a library answers who asks for a model without an account; null when it gives it. */
export function whyNot(model: string, hasToken: boolean): readonly string[] | null {
  const url = `https://huggingface.co/${model}/resolve/main/config.json`;
  if (!GATED.test(model) || hasToken) return null;
  return [
    "OSError: You are trying to access a gated repo.",
    `401 Client Error. Cannot access gated repo for url ${url}.`,
    `Access to model ${model} is restricted. You must have access to it and be authenticated to access it. Please log in.`,
  ];
}
