// llama.cpp in a child process of ours: nothing to install beforehand, a GGUF file or a synthetic model to serve.
import { LLAMA_SERVER_NAMES } from "../schema/gauges.ts";
import { mostInFlight } from "../schema/load.ts";
import { syntheticSizes } from "./embedded/shapes.ts";
import type { Engine } from "./engine.ts";
import { metricsEnv, NOT_TOLD, openai, openaiEnv } from "./openai.ts";

export const embedded: Engine = {
  name: "embedded",
  reach: "local",

  answers: () => Promise.resolve({ version: null }),
  installed: () => Promise.resolve([]),

  async start(choice, model, capacity, world) {
    const server = await world.startEmbedded({
      model,
      slots: mostInFlight(capacity),
      context: capacity.context_tokens,
      modelsDir: world.modelsDir,
      log: world.log,
      signal: world.signal,
    });
    return {
      url: server.url,
      version: server.version,
      agentEnv: { ...openaiEnv(server.url, choice), ...metricsEnv(server.url, LLAMA_SERVER_NAMES) },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },

  healthy: (running, world) => openai.healthy(running, world),
  load: () => Promise.resolve(NOT_TOLD),
  unload: () => Promise.resolve(),

  canServe: (model) => {
    const size = /^synthetic:(.*)$/.exec(model)?.[1];
    if (size !== undefined) {
      return syntheticSizes.includes(size)
        ? null
        : `there is no synthetic model of size ${size}; known: ${syntheticSizes.join(", ")}`;
    }
    return model.endsWith(".gguf") ? null : "the embedded engine serves a .gguf file or synthetic:<size>";
  },
};
