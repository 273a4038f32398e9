// PURE. The texts inside JSON changed where they stand: all else of it, numbers above all, remains digit by digit.

/** What becomes of a text; `path` has the keys that lead to it, "" for a place in a list. A key is a text itself, `isKey`. */
export type ChangeText = (text: string, path: readonly string[], isKey: boolean) => string;

const MARKS = /["{}[\]]/g;
const COLON = /\s*:/y;

/** `json`, which must be valid JSON, with every text that `change` changes written anew. */
export function changeJsonTexts(json: string, change: ChangeText): string {
  const path: string[] = [];
  let changed = "";
  let copied = 0;
  let at = next(json, 0);
  while (at !== -1) {
    const mark = json.charAt(at);
    let end = at + 1;
    if (mark === "{" || mark === "[") path.push("");
    if (mark === "}" || mark === "]") path.pop();
    if (mark === '"') {
      end = endOfText(json, at);
      const text: string = JSON.parse(json.slice(at, end));
      COLON.lastIndex = end;
      const isKey = COLON.test(json);
      const shown = change(text, path, isKey);
      if (isKey) path.splice(-1, 1, text);
      if (shown !== text) {
        changed += json.slice(copied, at) + JSON.stringify(shown);
        copied = end;
      }
    }
    at = next(json, end);
  }
  return changed + json.slice(copied);
}

function next(json: string, from: number): number {
  MARKS.lastIndex = from;
  return MARKS.exec(json)?.index ?? -1;
}

/** Where the text that begins at `start` is over: behind the first quote that no backslash hides. */
function endOfText(json: string, start: number): number {
  for (let at = start + 1;; at++) {
    const character = json.charAt(at);
    if (character === '"') return at + 1;
    if (character === "\\") at++;
  }
}
