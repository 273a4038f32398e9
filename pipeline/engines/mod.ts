// Every engine, by name. A new one is one file, one line here and one recorded fixture.
import type { EngineName } from "../schema/names.ts";
import { embedded } from "./embedded.ts";
import type { Engine } from "./engine.ts";
import { ollama } from "./ollama.ts";
import { openai } from "./openai.ts";

export const engines = { ollama, openai, embedded } satisfies Record<EngineName, Engine>;
