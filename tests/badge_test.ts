// Badges: as wide as their text, which is escaped, and readable on any page.
import { equal, match, ok } from "node:assert/strict";
import { badge } from "../site/src/lib/badge.ts";
import { textWidth } from "../site/src/lib/text_width.ts";

const widthOf = (svg: string) => Number(svg.match(/ width="(\d+)"/)?.[1]);

Deno.test("a badge grows with its text and both halves hold theirs", () => {
  const [short, long] = [badge("a", "b"), badge("fastest qwen2:7b", "RTX 4090, 120.0 tokens/s")];
  ok(widthOf(long) > textWidth("fastest qwen2:7bRTX 4090, 120.0 tokens/s", 11));
  ok(widthOf(short) < 45, String(widthOf(short)));
  equal(long.match(/textLength/g)?.length, 2);
});

Deno.test("a badge says what it shows, and hostile names are text in it", () => {
  const svg = badge(`<script>"&'`, "1 tokens/s");
  match(svg, /role="img" aria-label="&lt;script&gt;&quot;&amp;&#39;: 1 tokens\/s"/);
  match(svg, /<title>&lt;script&gt;/);
  equal(svg.includes("<script"), false);
});

Deno.test("its text stands out from both backgrounds", () => {
  const backgrounds = [...badge("a", "b").matchAll(/fill="#(\w{6})"/g)].map(([, colour = ""]) => colour);
  equal(backgrounds.length, 2);
  for (const colour of backgrounds) ok(1.05 / (luminance(colour) + 0.05) >= 4.5, colour);
});

/** Relative luminance of a colour, as WCAG 2 defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((share) => share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

Deno.test("the width of a text is never too small for the widest usual font", () => {
  const verdana = { "RTX 4090": 4.892, "tokens/s": 4.318, "100 %": 3.336, "D|G": 2 };
  for (const [text, width] of Object.entries(verdana)) ok(textWidth(text, 1) >= width, text);
});
