// What an engine's stream says, the same for every protocol.
import type { Prompt } from "../prompts.ts";

/** One message of a stream. Absent means: the message did not say. */
export interface Frame {
  /** True when it carries generated text, reasoning included. */
  readonly text: boolean;
  /** True when some of that text is no reasoning. */
  readonly answer: boolean;
  /** An error that came inside the stream. */
  readonly error?: string;
  /** True for the message after which nothing is missing. */
  readonly done?: boolean;
  /** Why generation ended: stop, length. */
  readonly stop?: string;
  readonly counts?: Counts;
  /** The engine's own times, nanoseconds. */
  readonly engine?: EngineTimes;
}

export interface Counts {
  readonly tok?: number;
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

/** The JSON object in `text`, or the frame that says it is none. */
export function parseFrame(text: string, read: (message: Record<string, unknown>) => Frame): Frame {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { ...NO_TEXT, error: `a frame is not JSON: ${text.slice(0, 80)}` };
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    return { ...NO_TEXT, error: `a frame is not an object: ${text.slice(0, 80)}` };
  }
  return read(message as Record<string, unknown>);
}

/** The message of an error body: `{error: "…"}`, `{error: {message}}` or `{message}`; null when it is none. */
export function errorIn(message: Record<string, unknown>): string | null {
  const { error } = message;
  if (typeof error === "string") return error;
  if (typeof error === "object" && error !== null) {
    return "message" in error ? String(error.message) : JSON.stringify(error);
  }
  if (message.object === "error") return String(message.message ?? "unknown error");
  return null;
}

export function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** A field when it is a whole number from 0 up. */
export function countIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** The object without the fields that are undefined. */
export function given<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
