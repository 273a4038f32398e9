// Ollama's native protocol: POST /api/generate, one JSON object a line, the last one with counts and times.
import type { Config } from "../config.ts";
import { answererOf } from "./answerer.ts";
import { bytesIn } from "./carried.ts";
import { endIn } from "./ends.ts";
import { countIn, type Frame, given, nanosecondsIn, NO_TEXT, parseFrame, type Wire } from "./frame.ts";
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
      const named = answererOf(config.model);
      const read = (message: Record<string, unknown>) => ({ ...readFrame(message), ...named(message) });
      const frames = (texts: string[]) =>
        texts.filter((text) => text.trim() !== "").map((text) => withoutRemark(parseFrame(text, read)));
      return { push: (bytes) => frames(lines.push(bytes)), end: () => frames(lines.end()) };
    },
  };
}

/** What is no piece of the answer is an error: this protocol has nothing else. */
function withoutRemark(frame: Frame): Frame {
  return frame.remark === undefined ? frame : { ...NO_TEXT, error: frame.remark };
}

/** Every line before the last is a token, also one that shows nothing, as while a model thinks out of sight. */
function readFrame(message: Record<string, unknown>): Frame {
  const answered = bytesIn(message.response) + bytesIn(message.tool_calls);
  const bytes = answered + bytesIn(message.thinking);
  const carried = { text: bytes > 0, answer: answered > 0, bytes };
  if (message.done !== true) return carried.text ? carried : { ...carried, silent: true };
  return {
    ...carried,
    done: true,
    last: true,
    ...endIn(message.done_reason),
    counts: given({
      tok: countIn(message.eval_count),
      prompt_tok: countIn(message.prompt_eval_count),
      cached_tok: countIn(message.prompt_eval_cached_count),
    }),
    engine: given({
      total_ns: nanosecondsIn(message.total_duration),
      load_ns: nanosecondsIn(message.load_duration),
      prompt_ns: nanosecondsIn(message.prompt_eval_duration),
      decode_ns: nanosecondsIn(message.eval_duration),
    }),
  };
}
