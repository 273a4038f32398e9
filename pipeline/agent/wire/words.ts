// What an engine says when it fails, in whatever shape it says it. Pure.
import { cutText } from "../../schema/text.ts";

type Fields = Readonly<Record<string, unknown>>;

const MOST_CHARACTERS = 300;
/** Keys under which servers put the sentence, the most telling first. */
const SENTENCES = [
  "message",
  "detail",
  "error",
  "errors",
  "msg",
  "error_msg",
  "error_message",
  "title",
  "reason",
];
/** Keys of which each says that the message with it is an error, whatever else is in it. */
const ERRORS = ["error", "errors"];
/** Keys that say so where nothing of an answer is beside them. */
const COMPLAINTS = ["detail", "message", "msg", "error_msg", "error_message", "title"];
/** Keys of which each says that a message is a piece of an answer. */
const ANSWERS = ["choices", "response", "done", "usage", "timings"];

/**
 * The words of an error: `{error}` as text or object, `{errors}`, `choices[].error`, `{object: "error"}`, FastAPI's `{detail}`, or a
 * bare `{message}`; null when `message` is none. Many servers send an empty `error` in every piece of an answer.
 */
export function errorIn(message: Fields): string | null {
  const choices = Array.isArray(message.choices) ? message.choices as unknown[] : [];
  const told = [message, ...choices.map(fieldsOf)].find((fields) => ERRORS.some((key) => says(fields[key])));
  if (told !== undefined) return sentenceIn(told);
  if (message.object === "error" || message.type === "error") return sentenceIn(message);
  if (ANSWERS.some((key) => key in message)) return null;
  const complains = [...ERRORS, ...COMPLAINTS].some((key) => key in message && isComplaint(message[key]));
  return complains ? sentenceIn(message) : null;
}

/** The sentence in `error`, whatever that is. */
export function sentenceIn(error: unknown): string {
  return cutText(find(error) ?? "an error without words", MOST_CHARACTERS);
}

/** Whether a field says anything: not null, false, 0, empty, or a structure of only such. */
export function says(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(says);
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
}

function isComplaint(value: unknown): boolean {
  return typeof value === "string" || (typeof value === "object" && value !== null);
}

function find(error: unknown): string | null {
  if (typeof error === "string") return error === "" ? null : error;
  if (typeof error === "number" || error === true) return `error ${error}`;
  if (Array.isArray(error)) return error.map(find).filter((text) => text !== null).join("; ") || null;
  const fields = fieldsOf(error);
  for (const key of SENTENCES) {
    if (key in fields && typeof fields[key] !== "boolean" && says(fields[key])) return find(fields[key]);
  }
  return says(fields) ? JSON.stringify(fields) : null;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}
