// How wide a text is drawn, for charts and badges that are made without a browser. Pure.

/** Widths of Verdana, the widest of the usual sans-serif fonts, in hundredths of the font size. */
const WIDTHS: readonly (readonly [characters: string, width: number])[] = [
  ["ijl., '", 37],
  ["Ifrt()[]/-|:;!\\", 46],
  ['abcdeghknopqsuvxyzJLTFE0123456789$"*_–', 64],
  ["ABCDGHKNOPQRSUVXYZ&w<>=+×", 82],
  ["mMW%@", 108],
];
const OTHER = 100;
const widthOf = new Map(WIDTHS.flatMap(([characters, width]) => [...characters].map((one) => [one, width])));

/** Width of `text` at `fontSize`, in the unit of `fontSize`; never too small. */
export function textWidth(text: string, fontSize: number): number {
  const hundredths = [...text].reduce((sum, character) => sum + (widthOf.get(character) ?? OTHER), 0);
  return hundredths * fontSize / 100;
}
