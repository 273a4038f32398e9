// What a server says when it fails, in whatever shape it says it. Pure.
import { cutText } from "../schema/text.ts";

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
  "status_msg",
  "title",
  "reason",
  "exception",
  "fault",
  "faultstring",
  "failure",
  "err",
];
/** Keys of which each says that what it stands in is an error, whatever else is in it. */
const ERRORS = ["error", "errors", "error_msg", "error_message", "exception", "fault", "failure", "err"];
/** Keys that say so where nothing of an answer is beside them. */
const COMPLAINTS = [...ERRORS, "detail"];
/** Keys of what may be an error's sentence or a mere remark. */
const REMARKS = ["message", "msg", "reason"];
/** Keys of texts that say what a message is, or whose. */
const ENVELOPE =
  /^(id|.*_id|object|event|type|role|created|.*_at|timestamp|model|provider|service_tier|system_fingerprint|title)$/i;
/** Keys whose value is the kind of a message, and what the kind of an error ends with. */
const KINDS = ["type", "object", "event"];
const ERROR_KIND = /(error|exception|failed|failure)$/i;
const ERROR_STATUS = /^(error|failed|failure)$/i;
/** Keys of codes; some servers tell that of a success. */
const CODES = ["code", "status_code", "error_code"];
const GOOD_CODES = /^(|0|2\d\d|ok|success)$/i;
/** Words of an error that there is none. */
const NO_TROUBLE = /^\s*(0|ok|none|null|nil|false|success)?\s*$/i;
const LEAST_BAD_STATUS = 400;
/** Keys of which each holds a piece of an answer. */
const ANSWERS = ["choices", "response", "thinking", "done", "usage", "timings"];

/**
 * The words of an error: `{error}` or the like as text or object, in a message, what lies in it, its choices or what they add;
 * `{type: "error"}`; or, where nothing of an answer is beside it, FastAPI's `{detail}` or a message with the code of an error. Null when `message` is
 * none. Many servers send an empty `error` in every piece of an answer.
 */
export function errorIn(message: Fields): string | null {
  const parts = [message, ...partsOf(message)];
  const told = parts.find((fields) => hasError(fields) || isBadKind(fields)) ??
    Object.values(message).map(fieldsOf).find(hasError);
  if (told !== undefined) return sentenceIn(told);
  if (hasBadCode(fieldsOf(message.base_resp))) return sentenceIn(message.base_resp);
  if (isAnswer(message)) return null;
  const complains = COMPLAINTS.some((key) => isComplaint(message, key)) ||
    (hasBadCode(message) && SENTENCES.some((key) => says(message[key])));
  return complains ? sentenceIn(message) : null;
}

/** The words of a message that is no piece of an answer, and may be an error or not: whether one came is known at the end. */
export function remarkIn(message: Fields): string | null {
  if (isAnswer(message)) return null;
  const remark = REMARKS.map((key) => message[key]).find((value) =>
    typeof value === "string" && value !== ""
  );
  return typeof remark === "string" ? cutText(remark, MOST_CHARACTERS) : null;
}

/** The same, or of any other message in which no key of an answer's stands: what is not understood may be an error too. */
export function unexplainedIn(message: Fields): string | null {
  const remark = remarkIn(message);
  if (remark !== null || ANSWERS.some((key) => key in message)) return remark;
  const words = Object.entries(message).find(([key, value]) => !ENVELOPE.test(key) && holdsText(value))?.[1];
  return words === undefined ? null : sentenceIn(words);
}

/** The words of an error that is JSON; null of any other text. */
export function errorInJson(text: string): string | null {
  return errorIn(objectIn(text));
}

/** The same, and the remark of JSON that is none. */
export function wordsIn(text: string): string | null {
  return errorInJson(text) ?? remarkIn(objectIn(text));
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

function objectIn(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The choices of `message` and what each adds. */
function partsOf({ choices }: Fields): Fields[] {
  if (!Array.isArray(choices)) return [];
  return choices.map(fieldsOf).flatMap((choice) => [choice, fieldsOf(choice.delta)]);
}

/** Keys are compared without their case. */
function valueIn(fields: Fields, key: string): unknown {
  return Object.entries(fields).find(([name]) => name.toLowerCase() === key)?.[1];
}

function hasError(fields: Fields): boolean {
  return Object.entries(fields).some(([key, value]) =>
    ERRORS.includes(key.toLowerCase()) && isTrouble(value)
  );
}

/** Whether the value of a key for errors tells of one. */
function isTrouble(value: unknown): boolean {
  return says(value) && !(typeof value === "string" && NO_TROUBLE.test(value));
}

function holdsText(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "string" && value !== "";
  return Object.values(value).some(holdsText);
}

function isBadKind(fields: Fields): boolean {
  const hasKind = (key: string, kind: RegExp) => typeof fields[key] === "string" && kind.test(fields[key]);
  return KINDS.some((key) => hasKind(key, ERROR_KIND)) || hasKind("status", ERROR_STATUS);
}

function hasBadCode(fields: Fields): boolean {
  const isCode = (value: unknown) => typeof value === "number" || typeof value === "string";
  return CODES.some((key) => isCode(fields[key]) && !GOOD_CODES.test(String(fields[key]))) ||
    Number(fields.status) >= LEAST_BAD_STATUS;
}

/** An empty list of choices is no piece of an answer, nor is an empty text. */
function isAnswer(message: Fields): boolean {
  return ANSWERS.some((key) => {
    const value = message[key];
    return Array.isArray(value) ? value.length > 0 : says(value);
  });
}

/** An empty complaint is one where nothing else is said, nor an answer's key named. */
function isComplaint(message: Fields, key: string): boolean {
  const value = message[key];
  if (isTrouble(value)) return true;
  return (typeof value === "string" || (typeof value === "object" && value !== null)) &&
    !says(message) && !ANSWERS.some((each) => each in message);
}

function find(error: unknown): string | null {
  if (typeof error === "string") return error === "" ? null : error;
  if (typeof error === "number" || error === true) return `error ${error}`;
  if (Array.isArray(error)) return error.map(find).filter((text) => text !== null).join("; ") || null;
  const fields = fieldsOf(error);
  for (const key of SENTENCES) {
    const value = valueIn(fields, key);
    if (typeof value !== "boolean" && says(value)) return find(value);
  }
  return says(fields) ? JSON.stringify(fields) : null;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}
