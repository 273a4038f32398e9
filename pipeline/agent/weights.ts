// What engines tell of the weights they serve: SGLang in fields, vLLM, in its development mode alone, in one text, llama-server as the
// kind of its file.

/** What an engine answers at /server_info. */
export interface ServerInfo {
  /** Of vLLM: `…, dtype=torch.bfloat16, …, load_format=dummy, …, quantization=None, …` */
  readonly vllm_config?: unknown;
  readonly [field: string]: unknown;
}

export interface WeightsTold {
  /** `FP8`, `AWQ`, or the number format of weights as they were published, `BF16`; null when not told. */
  readonly quantization: string | null;
  /** The engine made them up instead of loading them. */
  readonly made_up: boolean;
}

const NUMBERS: Readonly<Record<string, string>> = {
  bfloat16: "BF16",
  float16: "FP16",
  half: "FP16",
  float32: "FP32",
  float: "FP32",
};

/** Pure. */
export function weightsIn(info: ServerInfo | null): WeightsTold {
  const words = typeof info?.vllm_config === "string" ? info.vllm_config : "";
  const told = (name: string): string | null => {
    const value = info?.[name] ?? new RegExp(`\\b${name}=([\\w.-]+)`).exec(words)?.[1];
    return typeof value === "string" && value !== "None" ? value : null;
  };
  const numbers = told("dtype")?.replace(/^torch\./, "") ?? "";
  return {
    quantization: told("quantization")?.toUpperCase() ?? NUMBERS[numbers] ?? null,
    made_up: told("load_format") === "dummy",
  };
}

const SIZES: Readonly<Record<string, string>> = { Small: "_S", Medium: "_M", Large: "_L" };

/** The name of a GGUF file's quantisation as files are named, `Q4_K_M`, from llama.cpp's words for it, `Q4_K - Medium`; null when it is unknown. Pure. */
export function quantizationOf(ftype: string): string | null {
  const words = ftype.replace(/^\(guessed\) /, "");
  if (words === "Q2_K - Medium") return "Q2_K";
  if (words.startsWith("IQ3_S mix")) return "IQ3_M";
  const [, name, size = ""] = /^(?:all )?(\w*\d\w*)(?: - (\w+))?/.exec(words) ?? [];
  return name === undefined ? null : `${name}${SIZES[size] ?? ""}`;
}
