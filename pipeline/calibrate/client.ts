// The agent's own way to send a request, as a client that can be calibrated.
import { readConfig } from "../agent/config.ts";
import { exchange } from "../agent/exchange.ts";
import type { Wire } from "../agent/wire/frame.ts";
import { ollamaWire } from "../agent/wire/ollama.ts";
import { openaiWire } from "../agent/wire/openai.ts";
import type { Client } from "./heard.ts";

const WIRES = { openai: openaiWire, ollama: ollamaWire } satisfies Record<string, unknown>;

/** Asks `model` at `url` for streams with exchange(). */
export function agentClient(
  url: string,
  model: string,
  stop: AbortSignal,
  engine: keyof typeof WIRES = "openai",
): Client {
  const config = readConfig({ MODEL: model, ENGINE: engine, URL: url }, new Date());
  const wire: Wire = WIRES[engine](config);
  return async (key) => {
    const chunks_ms: number[] = [];
    const result = await exchange(wire, key, config, stop, () => chunks_ms.push(performance.now()));
    return {
      key,
      sent_ms: result.sent,
      chunks_ms,
      tokens: result.counts.tok ?? null,
      error: result.error?.message ?? null,
    };
  };
}
