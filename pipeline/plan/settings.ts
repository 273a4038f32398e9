// PURE. Settings with which vLLM and SGLang would not start, by the shapes of the model.
import { settingsOf, sharesCopies, spreadFlags } from "../schema/engine_settings.ts";
import { flagName } from "../schema/flag_names.ts";
import type { Entry } from "../schema/entry.ts";
import type { ModelFacts } from "../schema/model_facts.ts";
import { type Catalog, factsOf } from "./fit.ts";
import type { Objection } from "./plan.ts";

/** With these the context of a model becomes another. */
const OTHER_CONTEXT = ["--hf-overrides", "--json-model-override-args", "--rope-scaling"];
const LONGER_CONTEXT = ["VLLM_ALLOW_LONG_MAX_MODEL_LEN", "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN"];
const MOST_GPUS = 16;

/** Objects to a context longer than the model's, and to GPUs into which its attention heads do not divide. */
export function objectToSettings(catalog: Catalog): Objection {
  return (entry) => {
    const facts = factsOf(entry.model, entry.engine.name, catalog);
    if (facts === undefined) return null;
    const reason = whyTooLong(entry, facts) ?? whyNotDivided(entry, facts);
    return reason === null ? null : { code: "settings_refused", reason };
  };
}

function whyTooLong({ engine, model, workload }: Entry, { context_length }: ModelFacts): string | null {
  const { name, flags = [], env = [] } = engine;
  if (context_length === null || !isSpread(name)) return null;
  if (flags.some((flag) => OTHER_CONTEXT.includes(flagName(flag)))) return null;
  if (env.some((variable) => LONGER_CONTEXT.includes(variable))) return null;
  const asked = settingsOf(name, flags).max_model_len ?? workload.context_tokens;
  if (asked <= context_length) return null;
  return `${model} has a context of ${context_length} tokens, the matrix asks for ${asked}: take less context_tokens`;
}

function whyNotDivided({ engine, model, gpu_count }: Entry, { heads }: ModelFacts): string | null {
  const { name, flags = [] } = engine;
  const { tp } = settingsOf(name, [...spreadFlags(name, flags, gpu_count), ...flags]);
  if (heads === null || tp === null || sharesCopies(flags) || heads % tp === 0) return null;
  const good = Array.from({ length: MOST_GPUS }, (_, n) => n + 1).filter((n) => heads % n === 0);
  return `${model} has ${heads} attention heads, which do not divide into ${tp} GPUs: take tensor parallelism of ${
    good.join(", ")
  }`;
}

function isSpread(engine: Entry["engine"]["name"]): boolean {
  return settingsOf(engine, []).tp !== null;
}
