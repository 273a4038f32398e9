// The frames of both protocols as text, in the engines' own form. Pure.
import type { StreamPlan } from "./plan.ts";

export type Protocol = "chat" | "completions" | "ollama";

/** What one protocol says at each point of a stream. An empty list: nothing. */
export interface Speech {
  readonly type: string;
  /** Before the first chunk. */
  opening(): string[];
  chunk(text: string): string;
  ping(): string;
  error(message: string): string;
  closing(): string[];
}

/** How `protocol` words a stream of `plan`. */
export function speechOf(protocol: Protocol, model: string, plan: StreamPlan): Speech {
  return protocol === "ollama" ? ollamaSpeech(model, plan) : openaiSpeech(protocol === "chat", model, plan);
}

/** The counts that the stream tells of itself. */
function countsOf(plan: StreamPlan): { tok: number; prompt: number; cached: number } {
  const sent = plan.n * plan.tokens;
  return {
    tok: plan.quirks.has("few_counts")
      ? Math.floor(sent / 2)
      : sent + (plan.quirks.has("wrong_counts") ? 7 : 0),
    prompt: plan.prompt,
    cached: plan.quirks.has("cached") ? plan.prompt : 0,
  };
}

function openaiSpeech(chat: boolean, model: string, plan: StreamPlan): Speech {
  const { quirks } = plan;
  const end = quirks.has("crlf") ? "\r\n" : "\n";
  const event = (data: string) => `data: ${data}${end}${end}`;
  const frame = (choices: readonly object[], rest: object = {}) =>
    event(JSON.stringify({
      id: "mock-0",
      object: chat ? "chat.completion.chunk" : "text_completion",
      created: 1_793_600_000,
      model,
      choices,
      ...rest,
    }));
  const said = (content: object, finish_reason: string | null) =>
    frame([{ index: 0, ...(chat ? { delta: content } : { text: "", ...content }), finish_reason }]);
  const { tok, prompt, cached } = countsOf(plan);
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: tok,
    total_tokens: prompt + tok,
    prompt_tokens_details: { cached_tokens: cached },
  };
  return {
    type: "text/event-stream; charset=utf-8",
    opening: () =>
      quirks.has("role_first") ? [said(chat ? { role: "assistant", content: "" } : {}, null)] : [],
    chunk: (text) => said(chat ? { content: text } : { text }, null),
    ping: () => `: ping${end}${end}`,
    error: (message) => event(JSON.stringify({ error: { message, type: "server_error", code: 500 } })),
    closing: () => [
      said({}, "length"),
      ...(quirks.has("no_usage") ? [] : [frame([], { usage })]),
      ...(quirks.has("no_done") ? [] : [event("[DONE]")]),
    ],
  };
}

function ollamaSpeech(model: string, plan: StreamPlan): Speech {
  const { quirks } = plan;
  const end = quirks.has("crlf") ? "\r\n" : "\n";
  const line = (fields: object) =>
    `${JSON.stringify({ model, created_at: "2026-11-02T10:15:00.1Z", ...fields })}${end}`;
  const { tok, prompt, cached } = countsOf(plan);
  const counts = { prompt_eval_count: prompt, eval_count: tok, prompt_eval_cached_count: cached };
  return {
    type: "application/x-ndjson",
    opening: () => quirks.has("role_first") ? [line({ response: "", done: false })] : [],
    chunk: (text) => line({ response: text, done: false }),
    ping: () => end,
    error: (message) => `${JSON.stringify({ error: message })}${end}`,
    closing: () =>
      quirks.has("no_done") ? [] : [
        line({ response: "", done: true, done_reason: "length", ...(quirks.has("no_usage") ? {} : counts) }),
      ],
  };
}
