// Every engine, by name. A new one is one file, one line here and one recorded fixture.
import type { EngineName } from "../schema/names.ts";
import { embedded } from "./embedded.ts";
import type { Engine } from "./engine.ts";
import { llamaCpp } from "./llama_cpp.ts";
import { ollama } from "./ollama.ts";
import { openai } from "./openai.ts";
import { sglang } from "./sglang.ts";
import { vllm } from "./vllm.ts";

export const engines = {
  ollama,
  vllm,
  sglang,
  "llama.cpp": llamaCpp,
  openai,
  embedded,
} satisfies Record<EngineName, Engine>;
