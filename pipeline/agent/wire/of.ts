// Which protocol an engine speaks.
import type { EngineName } from "../../schema/names.ts";
import type { Config } from "../config.ts";
import type { Wire } from "./frame.ts";
import { ollamaWire } from "./ollama.ts";
import { openaiWire } from "./openai.ts";

const WIRES: Record<EngineName, (config: Config) => Wire> = {
  ollama: ollamaWire,
  vllm: openaiWire,
  sglang: openaiWire,
  "llama.cpp": openaiWire,
  openai: openaiWire,
  embedded: openaiWire,
};

/** The protocol of the engine that `config` names, at its address. */
export function wireOf(config: Config): Wire {
  return WIRES[config.engine](config);
}
