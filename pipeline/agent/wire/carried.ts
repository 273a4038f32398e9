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

/** Whether `value` holds generated text: a string, or a structure with one, such as parts of a content or of a tool call. */
export function carries(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => !LABELS.has(key) && carries(inner));
}
