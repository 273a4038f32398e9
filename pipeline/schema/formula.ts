// PURE. Text cells of CSV that a spreadsheet would take for formulas. Numbers are no texts, and stay.

/** The characters with which such a text begins. */
export const FORMULA_STARTS = "=+-@\t\r\n＝＋－＠";

/** A text that a spreadsheet would take for a formula gets a ' in front. */
export function harmless(text: string): string {
  return text !== "" && FORMULA_STARTS.includes(text.charAt(0)) ? `'${text}` : text;
}

/** A cell of CSV that begins like a formula and is no number; of a quoted cell any comma counts as the beginning of one. */
const CELL =
  /(?:^|,)"?(?:[=+@\t＝＋－＠]|\r(?!\n)|(?<=")\n|-(?!\d+(?:\.\d+)?(?:e[+-]?\d+)?"?(?:[,\r\n]|$)))/m;

/** Whether a cell of CSV may be a formula: false is certain. */
export function mayHoldFormula(csv: string): boolean {
  return CELL.test(csv);
}
