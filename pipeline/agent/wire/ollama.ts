// Ollama's native protocol: POST /api/generate, one JSON object a line, the last one with counts and times.
import type { Config } from "../config.ts";
import { countIn, errorIn, type Frame, given, isText, NO_TEXT, parseFrame, type Wire } from "./frame.ts";
import { lineReader } from "./lines.ts";

export function ollamaWire(config: Config): Wire {
  return {
    url: `${config.url}/api/generate`,
    body: ({ text, max_tokens }) => ({
      model: config.model,
      prompt: text,
      stream: true,
      keep_alive: "10m",
      options: { num_predict: max_tokens, num_ctx: config.context_tokens, temperature: 0 },
    }),
    reader: () => {
      const lines = lineReader();
      const frames = (texts: string[]) =>
        texts.filter((text) => text.trim() !== "").map((text) => parseFrame(text, readFrame));
      return { push: (bytes) => frames(lines.push(bytes)), end: () => frames(lines.end()) };
    },
  };
}

function readFrame(message: Record<string, unknown>): Frame {
  const error = errorIn(message);
  if (error !== null) return { ...NO_TEXT, error };
  const answer = isText(message.response);
  const text = answer || isText(message.thinking);
  if (message.done !== true) return { text, answer };
  return {
    text,
    answer,
    done: true,
    ...given({ stop: typeof message.done_reason === "string" ? message.done_reason : undefined }),
    counts: given({
      tok: countIn(message.eval_count),
      prompt_tok: countIn(message.prompt_eval_count),
      cached_tok: countIn(message.prompt_eval_cached_count),
    }),
    engine: given({
      total_ns: countIn(message.total_duration),
      load_ns: countIn(message.load_duration),
      prompt_ns: countIn(message.prompt_eval_duration),
      decode_ns: countIn(message.eval_duration),
    }),
  };
}
