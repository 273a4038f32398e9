// OpenAI-compatible streams: chat or completions, usage in a frame of its own, llama-server's timings where given.
import type { Config } from "../config.ts";
import { apiUrl } from "../../schema/engine_address.ts";
import { answererOf } from "./answerer.ts";
import { bytesIn, carries, thoughtBytesIn } from "./carried.ts";
import { type End, endIn, givenUpIn, worstOf } from "./ends.ts";
import { countIn, type Frame, given, nanosecondsIn, NO_TEXT, parseFrame, type Wire } from "./frame.ts";
import { sseReader } from "./sse.ts";
import { usualReader } from "./usual.ts";

const DONE = /^\s*\[DONE\]\s*$/i;

export function openaiWire(config: Config): Wire {
  const chat = config.api === "chat";
  return {
    url: `${apiUrl(config.url)}${chat ? "/chat/completions" : "/completions"}`,
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
      const read = choiceReader(config.model);
      const frames = (texts: string[]) => {
        const all = texts.filter((text) => text.trim() !== "").map((text) =>
          DONE.test(text) ? { ...NO_TEXT, done: true, last: true } : parseFrame(text, read)
        );
        const remark = events.takeStray();
        return remark === null ? all : [{ ...NO_TEXT, remark }, ...all];
      };
      const reader = {
        push: (bytes: Uint8Array) => frames(events.push(bytes)),
        end: () => frames(events.end()),
      };
      return usualReader(reader, events.isEmpty);
    },
  };
}

interface Choice {
  readonly text?: unknown;
  readonly delta?: Readonly<Record<string, unknown>> | null;
  /** Of an answer that does not stream. */
  readonly message?: unknown;
  readonly finish_reason?: unknown;
  /** vLLM tells here which text stopped it, others why. */
  readonly stop_reason?: unknown;
  /** The word of the model's own server, as a router passes it on. */
  readonly native_finish_reason?: unknown;
}

/** Where servers put what is no reasoning, and where what is. */
const ANSWERS = ["content", "refusal", "tool_calls", "function_call", "audio", "images"];
const REASONING = ["reasoning_content", "reasoning", "reasoning_details", "thinking"];

/** Reads the messages of one stream. The first piece without text tells the role; later ones may be tokens that are not shown. */
function choiceReader(asked: string): (message: Record<string, unknown>) => Frame {
  const named = answererOf(asked);
  let opened = false;
  return (message) => {
    const choices = (Array.isArray(message.choices) ? message.choices : []) as (Choice | null | undefined)[];
    const [choice] = choices;
    const carried = carriedBy(choice);
    if ((choice?.delta ?? null) === null && carries(choice?.message)) {
      return { ...carried, error: "the engine sent the whole answer in one piece: it does not stream" };
    }
    const end = worstOf(choices.flatMap(endsOf));
    const silent = opened && (choice ?? null) !== null && !carried.text && end.stop === undefined;
    opened ||= (choice ?? null) !== null;
    return {
      ...carried,
      ...(silent ? { silent } : {}),
      ...end,
      ...(end.stop === undefined ? {} : { done: true }),
      ...told(message),
      ...named(message),
    };
  };
}

/** All that a choice says of its end. */
function endsOf(choice: Choice | null | undefined): End[] {
  return [
    endIn(choice?.finish_reason),
    endIn(choice?.delta?.finish_reason),
    givenUpIn(choice?.native_finish_reason),
    givenUpIn(choice?.stop_reason),
  ];
}

function carriedBy(choice: Choice | null | undefined): Pick<Frame, "text" | "answer" | "bytes"> {
  const delta = choice?.delta ?? {};
  const thought = thoughtBytesIn(delta.content);
  const answered = ANSWERS.reduce((sum, key) => sum + bytesIn(delta[key]), bytesIn(choice?.text)) - thought;
  // Servers that know several names for reasoning send the same text under each.
  const bytes = answered + thought + Math.max(...REASONING.map((key) => bytesIn(delta[key])));
  return { text: bytes > 0, answer: answered > 0, bytes };
}

/** The counts and times of a message that has some. */
function told({ usage, timings }: Record<string, unknown>): Pick<Frame, "counts" | "engine"> {
  const [used, timed] = [usageIn(usage), countsIn(timings)];
  const counts = used === undefined ? timed : { ...timed, ...used };
  return given({ counts, engine: timesIn(timings) });
}

function usageIn(usage: unknown) {
  if (typeof usage !== "object" || usage === null) return undefined;
  const fields = usage as Record<string, unknown>;
  const details = (fields.prompt_tokens_details ?? {}) as Record<string, unknown>;
  return given({
    tok: countIn(fields.completion_tokens),
    hidden_tok: hiddenIn(fields),
    prompt_tok: countIn(fields.prompt_tokens),
    cached_tok: countIn(details.cached_tokens),
  });
}

/** SGLang tells `reasoning_tokens` beside the other counts, all others in details of the completion. */
function hiddenIn(usage: Record<string, unknown>): number | undefined {
  const details = (usage.completion_tokens_details ?? {}) as Record<string, unknown>;
  const reasoning = countIn(details.reasoning_tokens) ?? countIn(usage.reasoning_tokens) ?? 0;
  return reasoning + (countIn(details.rejected_prediction_tokens) ?? 0) || undefined;
}

/** llama-server counts in its timings: prompt tokens read and taken from the cache apart. */
function countsIn(timings: unknown) {
  if (typeof timings !== "object" || timings === null) return undefined;
  const { predicted_n, prompt_n, cache_n } = timings as Record<string, unknown>;
  const [read, cached_tok] = [countIn(prompt_n), countIn(cache_n)];
  const prompt_tok = read === undefined ? undefined : countIn(read + (cached_tok ?? 0));
  return given({ tok: countIn(predicted_n), prompt_tok, cached_tok });
}

function timesIn(timings: unknown) {
  if (typeof timings !== "object" || timings === null) return undefined;
  const fields = timings as Record<string, unknown>;
  return given({
    prompt_ns: millisecondsIn(fields.prompt_ms),
    decode_ns: millisecondsIn(fields.predicted_ms),
  });
}

/** Milliseconds as nanoseconds. */
function millisecondsIn(ms: unknown): number | undefined {
  return typeof ms === "number" ? nanosecondsIn(Math.round(ms * 1e6)) : undefined;
}
