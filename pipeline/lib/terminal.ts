// PURE. Texts of others for a terminal: nothing in them may move its cursor, change its title or clipboard, or turn writing around.

import { UNSEEN } from "../schema/plain_text.ts";

/** What cannot be seen, but for line ends, tabs and joiners, which some scripts need. */
const HARMFUL = new RegExp(`(?![\\t\\n\\u200c\\u200d])${UNSEEN.source}`, "gu");

/** The text with `?` in the place of each character that a terminal would obey. */
export function clean(text: string): string {
  return text.replace(HARMFUL, "?");
}

/** The text on one line. */
export function cleanLine(text: string): string {
  return clean(text.replace(/(?<!\s)\s*[\n\t]\s*/g, " "));
}

/** JSON with those characters as escapes: the same value, and safe to show. */
export function cleanJson(json: string): string {
  return json.replace(
    HARMFUL,
    (character) =>
      [...Array(character.length).keys()]
        .map((n) => `\\u${character.charCodeAt(n).toString(16).padStart(4, "0")}`).join(""),
  );
}
