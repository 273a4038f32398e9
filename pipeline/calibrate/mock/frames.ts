// The frames of both protocols as text, in the engines' own form. Pure.
import { dueOf, type StreamPlan } from "./plan.ts";

export type Protocol = "chat" | "completions" | "ollama";

/** What one protocol says at each point of a stream. An empty list: nothing. */
export interface Speech {
  readonly type: string;
  /** Before the first chunk. */
  opening(): string[];
  /** The chunk with this number. */
  chunk(text: string, index: number): string;
  ping(): string;
  error(message: string): string;
  closing(): string[];
  /** The answer in one piece. */
  whole(text: string): string;
}

/** How `protocol` words a stream of `plan`. */
export function speechOf(protocol: Protocol, model: string, plan: StreamPlan): Speech {
  const named = plan.quirks.has("other_model") ? "another:1b" : model;
  return protocol === "ollama" ? ollamaSpeech(named, plan) : openaiSpeech(protocol === "chat", named, plan);
}

/** Whether the chunk with this number shows anything. */
export function shows(plan: StreamPlan, index: number): boolean {
  return !plan.quirks.has("hidden") || index >= plan.n / 2;
}

/** The counts that the stream tells of itself. */
function countsOf(plan: StreamPlan): { tok: number; reasoned: number; prompt: number; cached: number } {
  const shown = plan.n * plan.tokens;
  const reasoned = plan.quirks.has("silent") ? shown : 0;
  const sent = shown + reasoned;
  return {
    tok: plan.quirks.has("few_counts")
      ? Math.floor(sent / 2)
      : sent + (plan.quirks.has("wrong_counts") ? 7 : 0),
    reasoned,
    prompt: plan.prompt,
    cached: plan.quirks.has("cached") ? plan.prompt : 0,
  };
}

/** The engine's own time from the first token to the last, milliseconds; null where it tells none. */
function decodedIn(plan: StreamPlan): number | null {
  const ms = dueOf(plan, plan.n - 1) - dueOf(plan, 0);
  if (plan.quirks.has("wrong_times")) return ms / 2;
  return plan.quirks.has("times") ? ms : null;
}

function endOf({ quirks }: StreamPlan): string {
  return quirks.has("cr") ? "\r" : quirks.has("crlf") ? "\r\n" : "\n";
}

function openaiSpeech(chat: boolean, model: string, plan: StreamPlan): Speech {
  const { quirks } = plan;
  const end = endOf(plan);
  const event = (data: string) => `data: ${data}${end}${end}`;
  const head = { id: "mock-0", created: 1_793_600_000, model };
  const frame = (choices: readonly object[], rest: object = {}) =>
    event(JSON.stringify({
      ...head,
      object: chat ? "chat.completion.chunk" : "text_completion",
      choices,
      ...rest,
    }));
  const none = quirks.has("no_reason") ? "" : null;
  const said = (content: object, finish_reason: string | null) =>
    frame([{ index: 0, ...(chat ? { delta: content } : { text: "", ...content }), finish_reason }]);
  const { tok, reasoned, prompt, cached } = countsOf(plan);
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: tok,
    total_tokens: prompt + tok,
    prompt_tokens_details: { cached_tokens: cached },
    ...(reasoned === 0 ? {} : { completion_tokens_details: { reasoning_tokens: reasoned } }),
  };
  const decoded = decodedIn(plan);
  const timings = decoded === null ? {} : { timings: { predicted_n: tok, predicted_ms: decoded } };
  const done = quirks.has("no_done") ? [] : [event("[DONE]")];
  return {
    type: "text/event-stream; charset=utf-8",
    opening: () =>
      quirks.has("role_first") || quirks.has("hidden")
        ? [said(chat ? { role: "assistant", content: "" } : {}, none)]
        : [],
    chunk(text, index) {
      if (!shows(plan, index)) return said(chat ? { content: "" } : {}, none);
      if (!chat) return said({ text }, none);
      if (quirks.has("tool_calls") && index % 2 === 1) {
        return said({ tool_calls: [{ index: 0, function: { arguments: text } }] }, none);
      }
      return said({ content: quirks.has("parts") ? [{ type: "text", text }] : text }, none);
    },
    ping: () => quirks.has("blank_data") ? `data:  ${end}${end}data:${end}${end}` : `: ping${end}${end}`,
    error(message) {
      if (quirks.has("detail")) return event(JSON.stringify({ detail: message })) + event("[DONE]");
      if (quirks.has("error_event")) {
        return `event: error${end}${event(JSON.stringify({ message }))}${event("[DONE]")}`;
      }
      return event(JSON.stringify({ error: { message, type: "server_error", code: 500 } }));
    },
    closing: () => [
      said({}, quirks.has("no_reason") ? "" : quirks.has("abort") ? "abort" : "length"),
      ...(quirks.has("no_usage") ? [] : [frame([], { usage, ...timings })]),
      ...done,
    ],
    whole: (text) =>
      JSON.stringify({
        ...head,
        choices: [{
          index: 0,
          ...(chat ? { message: { content: text } } : { text }),
          finish_reason: "length",
        }],
        usage,
      }),
  };
}

function ollamaSpeech(model: string, plan: StreamPlan): Speech {
  const { quirks } = plan;
  const end = endOf(plan);
  const line = (fields: object) =>
    `${JSON.stringify({ model, created_at: "2026-11-02T10:15:00.1Z", ...fields })}${end}`;
  const { tok, prompt, cached } = countsOf(plan);
  const decoded = decodedIn(plan);
  const counts = {
    prompt_eval_count: prompt,
    eval_count: tok,
    prompt_eval_cached_count: cached,
    ...(decoded === null ? {} : { eval_duration: Math.round(decoded * 1e6) }),
  };
  const done_reason = quirks.has("no_reason") ? "" : quirks.has("abort") ? "unload" : "length";
  const last = { done: true, done_reason, ...(quirks.has("no_usage") ? {} : counts) };
  return {
    type: "application/x-ndjson",
    opening: () => quirks.has("role_first") ? [line({ response: "", done: false })] : [],
    chunk(text, index) {
      if (!shows(plan, index)) return line({ response: "", done: false });
      if (quirks.has("tool_calls") && index % 2 === 1) {
        const tool_calls = [{ function: { name: "f", arguments: { text } } }];
        return line({ response: "", tool_calls, done: false });
      }
      return line({ response: text, done: false });
    },
    ping: () => quirks.has("blank_data") ? `  ${end}` : end,
    error(message) {
      if (quirks.has("detail")) return `${JSON.stringify({ detail: message })}${end}`;
      return `${JSON.stringify({ error: quirks.has("error_event") ? [message] : message })}${end}`;
    },
    closing: () => quirks.has("no_done") ? [] : [line({ response: "", ...last })],
    whole: (text) => line({ response: text, ...last }),
  };
}
