// Texts of others: cut without leaving half a character, and JSON that every reader takes.
import { equal, ok } from "node:assert/strict";
import { errorText } from "../pipeline/engines/http.ts";
import { cutText, shortText, wellFormedJson } from "../pipeline/schema/text.ts";

const EMOJI = "🙂";
const HALF = EMOJI.slice(0, 1);

Deno.test("a text that is cut within an emoji loses the emoji, not half of it", () => {
  equal(cutText(`ab${EMOJI}cd`, 3), "ab");
  equal(cutText(`ab${EMOJI}cd`, 4), `ab${EMOJI}`);
  equal(cutText(EMOJI, 1), "");
  equal(cutText("abc", 5), "abc");
});

Deno.test("half a character that was in a text before is replaced wherever it is cut", () => {
  equal(cutText(`a${HALF}bc`, 3), "a\uFFFDb");
  equal(cutText(HALF, 3), "\uFFFD");
  equal(cutText(`${EMOJI.slice(1)}x`, 3), "\uFFFDx");
});

Deno.test("a text that is shortened says so, at any width", () => {
  equal(shortText("abcdef", 4), "abc…");
  equal(shortText("abcd", 4), "abcd");
  for (let most = 1; most < 9; most++) {
    const short = shortText(EMOJI.repeat(8), most);
    ok(short.isWellFormed() && short.length <= most, short);
  }
});

Deno.test("an engine's words are cut without leaving half a character", () => {
  const words = `${"x".repeat(299)}${EMOJI} and more`;
  ok(errorText(words).isWellFormed());
  ok(errorText(JSON.stringify({ error: { message: words } })).isWellFormed());
  ok(errorText(JSON.stringify({ error: HALF })).isWellFormed());
});

Deno.test("JSON that is written holds no half of a character, in names of fields and in texts alike", () => {
  const written = wellFormedJson({ text: `bad ${HALF} token`, [`k${HALF}`]: [HALF, EMOJI, "\\ud83d"] });
  ok(!/\\u(?!fffd)/i.test(written.replaceAll("\\\\", "")), written);
  equal(written, `{"text":"bad \uFFFD token","k\uFFFD":["\uFFFD","${EMOJI}","\\\\ud83d"]}`);
  equal(wellFormedJson({ a: 1 }), '{"a":1}');
  equal(wellFormedJson({ a: HALF }, 2), '{\n  "a": "\uFFFD"\n}');
});
