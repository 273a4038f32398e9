// PURE. Names as they may be kept and shown: no character that cannot be seen, turns the line around, or has no place in XML.
import { z } from "zod";

/** Control and format characters (those that change the direction of text among them), halves, private ones, line ends, no characters. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;
const ALL_UNSEEN = new RegExp(UNSEEN, "gu");
/** What leaves a mark: no spaces, fillers or joiners, and not the empty Braille cell. */
const SEEN = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]/u;
export const LONGEST_NAME = 200;

/** Whether every character of `text` can be seen. */
export function isPlain(text: string): boolean {
  return !UNSEEN.test(text);
}

/** `text` without the characters that cannot be seen. */
export function visible(text: string): string {
  return text.replace(ALL_UNSEEN, "");
}

/** Whether a text has characters and shows nothing. */
export function isBlank(text: string): boolean {
  return text !== "" && !SEEN.test(visible(text));
}

export const BLANK = "it holds no character that can be seen";

/** A text without characters that cannot be seen; it may be empty. */
export function plainText(longest = LONGEST_NAME): z.ZodString {
  return z.string().max(longest).refine(isPlain, {
    error: ({ input }) => `it holds the character ${unseenIn(String(input))}, which cannot be seen`,
  });
}

/** A name of something: of a model, a GPU, a provider, a host, a place. It shows something. */
export function plainName(longest = LONGEST_NAME): z.ZodString {
  return plainText(longest).min(1).refine((text) => !isBlank(text), BLANK);
}

/** `U+202E`. */
function unseenIn(text: string): string {
  const point = UNSEEN.exec(text)?.[0].codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
}
