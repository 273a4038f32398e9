// What an engine's stream says, the same for every protocol.
import { MOST_TOKENS } from "../../schema/request.ts";
import { cutText } from "../../schema/text.ts";
import type { Prompt } from "../prompts.ts";
import type { Answerer } from "./answerer.ts";
import { errorIn, says, unexplainedIn } from "../../lib/error_words.ts";

/** One message of a stream. Absent means: the message did not say. */
export interface Frame {
  /** True when it carries generated tokens: text, reasoning, a part of a tool call. */
  readonly text: boolean;
  /** True when some of that is no reasoning. */
  readonly answer: boolean;
  /** Bytes of its text in UTF-8. */
  readonly bytes?: number;
  /** True for a piece of an answer that carries nothing: it may stand for a token that the engine does not show. */
  readonly silent?: boolean;
  /** Why the answer has failed. */
  readonly error?: string;
  /** Words that are no piece of the answer, nor an error where it ends well all the same. */
  readonly remark?: string;
  /** True for the message after which nothing is missing. */
  readonly done?: boolean;
  /** True for the message that is the stream's last. */
  readonly last?: boolean;
  /** Why generation ended: stop, length. */
  readonly stop?: string;
  readonly counts?: Counts;
  /** The engine's own times, nanoseconds. */
  readonly engine?: EngineTimes;
  /** The model that answers, where the message before did not name the same. */
  readonly model?: Answerer;
}

export interface Counts {
  readonly tok?: number;
  /** Those of `tok` that need not have been shown: reasoning, and drafts that were rejected. */
  readonly hidden_tok?: number;
  readonly prompt_tok?: number;
  readonly cached_tok?: number;
}

export interface EngineTimes {
  readonly total_ns?: number;
  readonly load_ns?: number;
  readonly prompt_ns?: number;
  readonly decode_ns?: number;
}

/** Turns bytes, cut anywhere, into frames; `end` gives what a missing last line break held back. */
export interface FrameReader {
  push(bytes: Uint8Array): Frame[];
  end(): Frame[];
}

/** One protocol: how a request looks and how its answer is read. */
export interface Wire {
  readonly url: string;
  body(prompt: Prompt): unknown;
  reader(): FrameReader;
}

/** The text of a frame that carries none. */
export const NO_TEXT = { text: false, answer: false } as const;

const MOST_CHARACTERS = 80;

/** The JSON object in `text` as `read` understands it, or the frame that says what is wrong: an error of the engine's, or no object. Empty JSON is a heartbeat. */
export function parseFrame(text: string, read: (message: Record<string, unknown>) => Frame): Frame {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { ...NO_TEXT, error: `a frame is not JSON: ${cutText(text, MOST_CHARACTERS)}` };
  }
  if (!says(message) && !isObject(message)) return NO_TEXT;
  if (!isObject(message)) {
    return { ...NO_TEXT, error: `a frame is not an object: ${cutText(text, MOST_CHARACTERS)}` };
  }
  const error = errorIn(message);
  if (error !== null) return { ...NO_TEXT, error };
  const remark = unexplainedIn(message);
  return { ...read(message), ...(remark === null ? {} : { remark }) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field when it is a number of tokens that an answer may have: some engines tell -1, or that as a number without a sign. */
export function countIn(value: unknown): number | undefined {
  return isWhole(value) && value <= MOST_TOKENS ? value : undefined;
}

/** A field when it is a span in whole nanoseconds. */
export function nanosecondsIn(value: unknown): number | undefined {
  return isWhole(value) ? value : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The object without the fields that are undefined. */
export function given<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
