// PURE. Names of models as Hugging Face has them, for the engines that fetch from there.

/** Why `model` cannot be a repository of safetensors that `title` serves; null when it may. A path on the machine may. */
export function whyNoHubModel(title: string, model: string): string | null {
  if (model.startsWith("synthetic:")) return "a synthetic model is for the embedded engine";
  if (/\.gguf$|-gguf(:|$)/i.test(model)) return `${title} serves no GGUF files; llama.cpp does`;
  if (/^\/?[\w.-]+(\/[\w.-]+)*$/.test(model)) return null;
  return `${title} serves models by their name at Hugging Face, such as Qwen/Qwen2.5-7B-Instruct`;
}
