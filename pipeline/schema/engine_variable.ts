// Variables of the user's environment that a matrix may hand to an engine on a rented machine, by name.
import { z } from "zod";

/** What engines and their libraries read; `*` stands for any ending. The tasks may read these and no others. */
export const ENGINE_VARIABLES = [
  "HF_TOKEN",
  "HF_HUB_*",
  "VLLM_*",
  "SGLANG_*",
  "SGL_*",
  "OLLAMA_*",
  "LLAMA_*",
  "GGML_*",
  "NCCL_*",
  "TORCH_*",
  "TORCHINDUCTOR_*",
  "PYTORCH_*",
  "TRITON_*",
  "FLASHINFER_*",
  "OMP_*",
] as const;

/** These say where the user's own files or servers are: HF_HOME and its kin. */
const KEPT_HERE = /^(HF_HUB_CACHE|OLLAMA_HOST|OLLAMA_MODELS|.*_(CACHE|CACHE_DIR|HOME|ROOT|API_KEY))$/;

export const EngineVariable = z.string().superRefine((name, { addIssue }) => {
  const refuse = (message: string) => addIssue({ code: "custom", message });
  if (/[=\s]/.test(name)) refuse("name the variable alone: its value comes from your environment");
  else if (KEPT_HERE.test(name)) refuse(`${name} never leaves this computer`);
  else if (!isKnown(name)) refuse(`engines do not read ${name}; known: ${ENGINE_VARIABLES.join(", ")}`);
});

function isKnown(name: string): boolean {
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(name) &&
    ENGINE_VARIABLES.some((known) =>
      known.endsWith("*") ? name.startsWith(known.slice(0, -1)) : name === known
    );
}
