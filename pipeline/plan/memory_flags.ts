// PURE. Flags of a matrix that change how much GPU memory an engine takes, so that our own reckoning no longer holds.
import { flagName } from "../schema/flag_names.ts";

/** The weights become others, or some of them lie elsewhere. */
const WEIGHTS = [
  "--quantization",
  "-q",
  "--load-format",
  "--dtype",
  "--torchao-config",
  "--hf-overrides",
  "--cpu-offload-gb",
  "-ngl",
  "--gpu-layers",
  "--n-gpu-layers",
  "-cmoe",
  "--cpu-moe",
  "-ncmoe",
  "--n-cpu-moe",
  "-ot",
  "--override-tensor",
  "-hff",
  "--hf-file",
];
/** Keys and values become fewer or smaller. */
const CONTEXT = [
  "--max-model-len",
  "--kv-cache-dtype",
  "--context-length",
  "-c",
  "--ctx-size",
  "-ctk",
  "--cache-type-k",
  "-ctv",
  "--cache-type-v",
  "-nkvo",
  "--no-kv-offload",
];

export function changesWeights(flags: readonly string[]): boolean {
  return names(flags).some((name) => WEIGHTS.includes(name));
}

export function changesContext(flags: readonly string[]): boolean {
  return names(flags).some((name) => CONTEXT.includes(name));
}

function names(flags: readonly string[]): string[] {
  return flags.map(flagName);
}
