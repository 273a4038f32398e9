// The shapes of OpenAI-compatible answers: stream frames, whole answers, usage, llama-server's timings. Pure.
import type { GenerationRequest } from "./requests.ts";

export type FinishReason = "stop" | "length";

/** What every frame of one answer shares. `created_s` is seconds since the epoch. */
export interface Answer {
  readonly id: string;
  readonly kind: GenerationRequest["kind"];
  readonly model: string;
  readonly created_s: number;
}

/** Token counts and the times between them; `prompt_ms` ends when the first token is there. */
export interface Tally {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_ms: number;
  readonly predicted_ms: number;
}

/** One server-sent event. */
export function sse(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** The frame before a chat's first text, which names the role; a completion has none. */
export function openingFrames(answer: Answer): object[] {
  return answer.kind === "chat" ? [frame(answer, { delta: { role: "assistant", content: "" } })] : [];
}

/** The frame of one token. */
export function tokenFrame(answer: Answer, text: string): object {
  return frame(answer, answer.kind === "chat" ? { delta: { content: text } } : { text });
}

/** The frames after the last token: the finish reason, then the usage if asked for; the last carries timings. */
export function closingFrames(
  answer: Answer,
  finish: FinishReason,
  tally: Tally,
  includeUsage: boolean,
): object[] {
  const last = frame(answer, answer.kind === "chat" ? { delta: {} } : { text: "" }, finish);
  if (!includeUsage) return [{ ...last, timings: timings(tally) }];
  return [last, { ...envelope(answer, true), choices: [], usage: usage(tally), timings: timings(tally) }];
}

/** The whole answer of a request that does not stream. */
export function wholeAnswer(answer: Answer, text: string, finish: FinishReason, tally: Tally): object {
  const choice = answer.kind === "chat" ? { message: { role: "assistant", content: text } } : { text };
  return {
    ...envelope(answer, false),
    choices: [{ index: 0, ...choice, finish_reason: finish }],
    usage: usage(tally),
    timings: timings(tally),
  };
}

/** OpenAI's nested error body. */
export function errorBody(status: number, message: string, type: string, code: string | null): object {
  return { error: { message, type, param: null, code: code ?? status } };
}

function frame(answer: Answer, content: object, finish: FinishReason | null = null) {
  return { ...envelope(answer, true), choices: [{ index: 0, ...content, finish_reason: finish }] };
}

function envelope(answer: Answer, streamed: boolean) {
  const chat = streamed ? "chat.completion.chunk" : "chat.completion";
  const object = answer.kind === "chat" ? chat : "text_completion";
  return { id: answer.id, object, created: answer.created_s, model: answer.model };
}

/** No slot keeps anything of an earlier request, so no prompt token is ever served from a cache. */
function usage({ prompt_tokens, completion_tokens }: Tally) {
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: 0 },
  };
}

function timings(tally: Tally) {
  const prompt = rates(tally.prompt_tokens, tally.prompt_ms);
  const predicted = rates(tally.completion_tokens, tally.predicted_ms);
  return {
    cache_n: 0,
    prompt_n: tally.prompt_tokens,
    prompt_ms: tally.prompt_ms,
    prompt_per_token_ms: prompt.per_token_ms,
    prompt_per_second: prompt.per_second,
    predicted_n: tally.completion_tokens,
    predicted_ms: tally.predicted_ms,
    predicted_per_token_ms: predicted.per_token_ms,
    predicted_per_second: predicted.per_second,
  };
}

function rates(count: number, elapsed_ms: number) {
  return {
    per_token_ms: count > 0 ? elapsed_ms / count : null,
    per_second: elapsed_ms > 0 ? count / elapsed_ms * 1000 : null,
  };
}
