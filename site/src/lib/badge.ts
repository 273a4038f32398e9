// A badge as SVG: a label and what it says, on colours of its own that are readable on any page. Pure.
import { escapeMarkup } from "./escape.ts";
import { textWidth } from "./text_width.ts";

const HEIGHT = 20;
const FONT_SIZE = 11;
const PADDING = 6;

/** SVG of `label` beside `value`, as wide as its text. */
export function badge(label: string, value: string): string {
  const [labelWidth, valueWidth] = [widthOf(label), widthOf(value)];
  const width = labelWidth + valueWidth;
  const title = escapeMarkup(`${label}: ${value}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}">
<title>${title}</title>
<clipPath id="round"><rect width="${width}" height="${HEIGHT}" rx="3" fill="#fff"/></clipPath>
<g clip-path="url(#round)"><rect width="${labelWidth}" height="${HEIGHT}" fill="#444c56"/><rect x="${labelWidth}" width="${valueWidth}" height="${HEIGHT}" fill="#0b6e4f"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="${FONT_SIZE}">
${text(label, PADDING, labelWidth)}
${text(value, labelWidth + PADDING, valueWidth)}
</g>
</svg>
`;
}

function widthOf(words: string): number {
  return Math.ceil(textWidth(words, FONT_SIZE)) + 2 * PADDING;
}

/** The length is said, so that another font fills the same room. */
function text(words: string, x: number, width: number): string {
  return `<text x="${x}" y="14" textLength="${width - 2 * PADDING}">${escapeMarkup(words)}</text>`;
}
