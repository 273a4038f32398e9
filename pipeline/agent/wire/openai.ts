// OpenAI-compatible streams: chat or completions, usage in a frame of its own, llama-server's timings where given.
import type { Config } from "../config.ts";
import { countIn, errorIn, type Frame, given, isText, NO_TEXT, parseFrame, type Wire } from "./frame.ts";
import { sseReader } from "./sse.ts";
import { usualReader } from "./usual.ts";

export function openaiWire(config: Config): Wire {
  const chat = config.api === "chat";
  return {
    url: `${apiBase(config.url)}${chat ? "/chat/completions" : "/completions"}`,
    body: ({ text, max_tokens, ignore_eos, may_be_cached }) => ({
      model: config.model,
      ...(chat ? { messages: [{ role: "user", content: text }] } : { prompt: text }),
      stream: true,
      stream_options: { include_usage: true },
      max_tokens,
      temperature: 0,
      // llama-server takes a prompt's beginning from its cache unless it is told not to.
      ...(config.engine === "llama.cpp" ? { cache_prompt: may_be_cached } : {}),
      ...(ignore_eos ? { ignore_eos } : {}),
      ...(ignore_eos && config.engine === "vllm" ? { min_tokens: max_tokens } : {}),
    }),
    reader: () => {
      const events = sseReader();
      const frames = (texts: string[]) =>
        texts.map((text): Frame =>
          text.trim() === "[DONE]" ? { ...NO_TEXT, done: true } : parseFrame(text, readFrame)
        );
      const reader = {
        push: (bytes: Uint8Array) => frames(events.push(bytes)),
        end: () => frames(events.end()),
      };
      return usualReader(reader, events.isEmpty);
    },
  };
}

/** The base of the API's routes: `url` as people write it, with or without `/v1`. */
export function apiBase(url: string): string {
  return /\/v\d+$/.test(url) ? url : `${url}/v1`;
}

interface Choice {
  readonly text?: unknown;
  readonly delta?: Record<string, unknown>;
  readonly finish_reason?: unknown;
}

function readFrame(message: Record<string, unknown>): Frame {
  const error = errorIn(message);
  if (error !== null) return { ...NO_TEXT, error };
  const [choice] = (Array.isArray(message.choices) ? message.choices : []) as (Choice | undefined)[];
  const { content, reasoning_content, reasoning } = choice?.delta ?? {};
  const answer = isText(choice?.text) || isText(content);
  const text = answer || isText(reasoning_content) || isText(reasoning);
  const stop = typeof choice?.finish_reason === "string" ? choice.finish_reason : undefined;
  if (stop === undefined && !("usage" in message) && !("timings" in message)) return { text, answer };
  const usage = usageIn(message.usage);
  const told = countsIn(message.timings);
  const counts = usage === undefined ? told : { ...told, ...usage };
  const engine = timesIn(message.timings);
  return { text, answer, ...given({ stop, done: stop === undefined ? undefined : true, counts, engine }) };
}

function usageIn(usage: unknown) {
  if (typeof usage !== "object" || usage === null) return undefined;
  const fields = usage as Record<string, unknown>;
  const details = (fields.prompt_tokens_details ?? {}) as Record<string, unknown>;
  return given({
    tok: countIn(fields.completion_tokens),
    prompt_tok: countIn(fields.prompt_tokens),
    cached_tok: countIn(details.cached_tokens),
  });
}

/** llama-server counts in its timings: prompt tokens read and taken from the cache apart. */
function countsIn(timings: unknown) {
  if (typeof timings !== "object" || timings === null) return undefined;
  const { predicted_n, prompt_n, cache_n } = timings as Record<string, unknown>;
  const [read, cached_tok] = [countIn(prompt_n), countIn(cache_n)];
  const prompt_tok = read === undefined ? undefined : read + (cached_tok ?? 0);
  return given({ tok: countIn(predicted_n), prompt_tok, cached_tok });
}

function timesIn(timings: unknown) {
  if (typeof timings !== "object" || timings === null) return undefined;
  const fields = timings as Record<string, unknown>;
  return given({ prompt_ns: nanoseconds(fields.prompt_ms), decode_ns: nanoseconds(fields.predicted_ms) });
}

function nanoseconds(ms: unknown): number | undefined {
  return typeof ms === "number" && ms >= 0 ? Math.round(ms * 1e6) : undefined;
}
