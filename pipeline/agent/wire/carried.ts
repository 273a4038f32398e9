// What a message carries of an answer. Pure.
import { cutText } from "../../schema/text.ts";

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
const MOST_CHARACTERS = 200;

/** Whether `value` holds generated text: a string, or a structure with one, such as parts of a content or of a tool call. */
export function carries(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => !LABELS.has(key) && carries(inner));
}

/** Tells the model that a message names, when it is another than the one before named. */
export function modelTold(): (message: { readonly model?: unknown }) => { readonly model?: string } {
  let last: unknown;
  return ({ model }) => {
    if (typeof model !== "string" || model === "" || model === last) return {};
    last = model;
    return { model: cutText(model, MOST_CHARACTERS) };
  };
}
