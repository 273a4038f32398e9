// What a message carries of an answer. Pure.

/** Keys that name a part instead of being one. */
const LABELS: ReadonlySet<string> = new Set([
  "id",
  "type",
  "index",
  "role",
  "format",
  "status",
  "signature",
  "expires_at",
]);

/** Types of parts that nobody can read, such as reasoning that only its engine may see. */
const SEALED = /encrypted|redacted/i;

/** Types of parts that are reasoning. */
const THOUGHT = /thinking|reasoning/i;

/** Whether `value` holds generated text: a string, or a structure with one, such as parts of a content or of a tool call. */
export function carries(value: unknown): boolean {
  return bytesIn(value) > 0;
}

/** The bytes of generated text in `value`, in UTF-8. */
export function bytesIn(value: unknown): number {
  if (typeof value === "string") return utf8Length(value);
  if (typeof value !== "object" || value === null) return 0;
  const { type } = value as { type?: unknown };
  if (typeof type === "string" && SEALED.test(type)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) => LABELS.has(key) || SEALED.test(key) ? sum : sum + bytesIn(inner),
    0,
  );
}

/** Those of them that are reasoning, in parts of a content that say so. */
export function thoughtBytesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const { type } = value as { type?: unknown };
  if (typeof type === "string" && THOUGHT.test(type)) return bytesIn(value);
  return Object.values(value).reduce((sum: number, inner) => sum + thoughtBytesIn(inner), 0);
}

/** Each half of a pair counts as two bytes. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) length += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return length;
}
