// The agent's own way to send a request, as a client that can be calibrated.
import { readConfig } from "../agent/config.ts";
import { exchange } from "../agent/exchange.ts";
import { HttpClient } from "../agent/http/client.ts";
import type { Prompt } from "../agent/prompts.ts";
import type { Wire } from "../agent/wire/frame.ts";
import { ollamaWire } from "../agent/wire/ollama.ts";
import { openaiWire } from "../agent/wire/openai.ts";
import type { Client } from "./heard.ts";

const WIRES = { openai: openaiWire, ollama: ollamaWire } satisfies Record<string, unknown>;

/** Asks `model` at `url` for streams with exchange(); aborting `stop` closes its connections. */
export function agentClient(
  url: string,
  model: string,
  stop: AbortSignal,
  engine: keyof typeof WIRES = "openai",
): Client {
  const config = readConfig({ MODEL: model, ENGINE: engine, URL: url }, new Date());
  const wire: Wire = WIRES[engine](config);
  const client = new HttpClient();
  stop.addEventListener("abort", () => client[Symbol.dispose](), { once: true });
  const context = { wire, client, config, stop, onFrame: () => undefined };
  return async (key) => {
    const { sent, text_times, counts, error } = await exchange(promptOf(key), context);
    return {
      key,
      sent_ms: sent,
      chunks_ms: text_times,
      tokens: counts.tok ?? null,
      error: error?.message ?? null,
    };
  };
}

/** The mock server reads from the model's name how long its streams are. */
function promptOf(text: string): Prompt {
  return { kind: "calibration", text, max_tokens: 256, ignore_eos: false, may_be_cached: false };
}
