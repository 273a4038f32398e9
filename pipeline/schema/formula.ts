// PURE. Text cells of CSV that a spreadsheet would take for formulas. Numbers are no texts, and stay.

/** How such a text begins; the database reads the same expression. */
export const FORMULA = "^[=+\\-@\\t\\r\\n＝＋－＠]";
const BEGINNING = new RegExp(FORMULA);

/** A text that a spreadsheet would take for a formula gets a ' in front. */
export function harmless(text: string): string {
  return BEGINNING.test(text) ? `'${text}` : text;
}
