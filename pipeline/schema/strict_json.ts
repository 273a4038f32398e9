// PURE. JSON as strictly as the database reads it. JSON.parse lets pass what stops a build later, and of two values for one key it keeps
// one without a word.

/** What a text is: the value that it says, or why it says none. */
export type StrictJson = { readonly value: unknown } | { readonly reason: string };

/** Evidence is nested 5 deep. */
const DEEPEST = 32;
/** A string of valid JSON, with the colon that makes it a key. */
const STRINGS = /("(?:[^"\\]|\\.)*")(\s*:)?/g;

/** Reads `text`; refuses two values for one key, halves of characters, numbers beyond a double and values nested over 32 deep. */
export function strictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: "it is not JSON" };
  }
  const keys: string[] = [];
  const fault = faultIn(value, 0, keys);
  const reason = fault === null ? repeatedIn(text, keys) : sentence(fault);
  return reason === null ? { value } : { reason };
}

interface Fault {
  readonly text: string;
  /** Keys from the inside out. */
  readonly path: string[];
}

/** Why a value cannot be kept; adds the keys of its objects to `keys`. */
function faultIn(value: unknown, depth: number, keys: string[]): Fault | null {
  if (typeof value === "string") return value.isWellFormed() ? null : fault("it holds half a character");
  if (typeof value === "number") return Number.isFinite(value) ? null : fault("its number is too large");
  if (typeof value !== "object" || value === null) return null;
  if (depth === DEEPEST) return fault(`it is nested more than ${DEEPEST} deep`);
  const isList = Array.isArray(value);
  for (const key in value) {
    if (!isList && !key.isWellFormed()) return fault("a key holds half a character");
    if (!isList) keys.push(key);
    const found = faultIn((value as Record<string, unknown>)[key], depth + 1, keys);
    if (found !== null) return { ...found, path: [...found.path, key] };
  }
  return null;
}

function fault(text: string): Fault {
  return { text, path: [] };
}

/** Names a key that `text` has more often than the value that it became, whose keys are `keys`; null when there is none. */
function repeatedIn(text: string, keys: readonly string[]): string | null {
  const told = [...text.matchAll(STRINGS)].flatMap(([, name, colon]) => colon === undefined ? [] : [name]);
  if (told.length === keys.length) return null;
  const left = new Map([...Map.groupBy(keys, (key) => key)].map(([key, all]) => [key, all.length]));
  const names = told.map((name) => String(JSON.parse(name ?? '""')));
  const repeated = names.find((name) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count === 0;
  });
  return `it has two values for ${repeated}`;
}

/** `engine.total_ns: its number is too large`. */
function sentence({ path, text }: Fault): string {
  return path.length === 0 ? text : `${path.toReversed().slice(-4).join(".")}: ${text}`;
}
