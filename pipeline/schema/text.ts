// PURE. Texts of others made fit to keep: cut or written as JSON without half a character, which readers of UTF-8 refuse.

/** `text` up to `most` UTF-16 units. A character that the cut would halve is left out; halves that were there become U+FFFD. */
export function cutText(text: string, most: number): string {
  const halves = text.length > most && isHigh(text.charCodeAt(most - 1));
  return text.slice(0, halves ? most - 1 : most).toWellFormed();
}

/** `text`, or what fits of it with `…` at its end. */
export function shortText(text: string, most: number): string {
  return text.length <= most ? text : `${cutText(text, most - 1)}…`;
}

/** JSON of `value`, in which halves of characters have become U+FFFD. */
export function wellFormedJson(value: unknown, indent = 0): string {
  // JSON.stringify writes a half, and nothing else from here on, as \ud8… to \udf…; a backslash of the text itself is \\.
  return JSON.stringify(value, null, indent).replace(
    /\\(\\|u[dD][89a-fA-F]..)/g,
    (found, kind) => kind === "\\" ? found : "\uFFFD",
  );
}

/** The same value with every text in it changed. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((inner) => mapTexts(inner, change)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)])) as T;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
