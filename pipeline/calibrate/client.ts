// The agent's own way to send requests, as a client that can be calibrated.
import { readConfig } from "../agent/config.ts";
import type { Prompt } from "../agent/prompts.ts";
import { exchangerFor } from "../agent/shards/exchanger.ts";
import type { ClientMaker } from "./heard.ts";

/** The client of an agent that reads with so many threads. */
export function agentClient(shards: number): ClientMaker {
  return {
    name: "agent",
    make(url, model, stop) {
      const env = { MODEL: model, ENGINE: "openai", URL: url, SHARDS: String(shards) };
      const exchanger = exchangerFor(readConfig(env, new Date()), stop);
      return {
        shards: exchanger.shards,
        async ask(key) {
          const { sent, text_times, counts, error } = await exchanger.exchange(promptOf(key));
          return {
            key,
            sent_ms: sent,
            chunks_ms: text_times,
            tokens: counts.tok ?? null,
            error: error?.message ?? null,
          };
        },
        watchLoops: () => exchanger.watchLoops(),
        [Symbol.asyncDispose]: () => exchanger[Symbol.asyncDispose](),
      };
    },
  };
}

/** The mock server reads from the model's name how long its streams are. */
function promptOf(text: string): Prompt {
  return { kind: "calibration", text, max_tokens: 256, ignore_eos: false, may_be_cached: false };
}
