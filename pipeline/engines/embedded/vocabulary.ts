// The SentencePiece vocabulary of a synthetic model: three control tokens, the 256 byte tokens that make any
// text expressible, then short letter groups, so that prompts and answers are of ordinary token lengths. Pure.

/** Token kinds as GGUF numbers them. */
const NORMAL = 1, UNKNOWN = 2, CONTROL = 3, BYTE = 6;

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: number;
}

/** Exactly `size` pieces: `<unk>`, `<s>`, `</s>`, 256 bytes, then letter groups, the shortest first. */
export function vocabulary(size: number): Piece[] {
  const special = [piece("<unk>", UNKNOWN), piece("<s>", CONTROL), piece("</s>", CONTROL)];
  const bytes = Array.from({ length: 256 }, (_, byte) => piece(`<0x${hex(byte)}>`, BYTE));
  const pieces = [...special, ...bytes];
  for (const text of letterGroups()) {
    if (pieces.length >= size) break;
    pieces.push({ text, score: -pieces.length, kind: NORMAL });
  }
  return pieces;
}

function piece(text: string, kind: number): Piece {
  return { text, score: 0, kind };
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

/** "▁" (a space), every letter, every pair, every triple …; a space only at the front. Never ends. */
function* letterGroups(): Generator<string> {
  const letters = [..."etaoinshrdlucmfwypvbgkjqxz"];
  let previous = [""];
  while (true) {
    const groups = previous.flatMap((group) => letters.map((letter) => group + letter));
    yield* previous.map((group) => `▁${group}`);
    yield* groups;
    previous = groups;
  }
}
