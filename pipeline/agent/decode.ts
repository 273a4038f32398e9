// From when to when an answer was decoded, and how many tokens came in that time, seen or not. Pure.
import type { Exchange } from "./exchange.ts";
import { type Heap, heapsOf, isHeldBack } from "./heaps.ts";
import { bytesOf, type Piece, shownBy } from "./pieces.ts";

export interface Decode {
  /** When the first token came, milliseconds of performance.now(); null of none. */
  readonly first: number | null;
  readonly last: number | null;
  /** Tokens that came after the first and whatever came with it; none where nobody can know how fast they were decoded. */
  readonly tok: number;
}

/** A token of text has more bytes than this, but for those of an answer of digits. */
const LEAST_BYTES = 1.5;
/** Beside the tokens of its pieces an engine tells so many more in passing, such as that of the end. */
const TOLD_IN_PASSING = 0.1;
/** Tokens that came behind the last text were decoded at no more than this times the speed of those before. */
const MOST_FASTER = 2;

/** The span of one answer. Tokens that no piece brought may have come until the frame that told the end. */
export function decodeOf(heard: Exchange): Decode {
  const { pieces, tok } = shownBy(heard);
  const [first, latest] = [pieces[0]?.at, pieces.at(-1)?.at];
  if (first === undefined || latest === undefined) {
    return { first: heard.first_text, last: heard.last_text, tok: 0 };
  }
  const last = tok > pieces.length ? Math.max(latest, heard.finished ?? latest) : latest;
  const heaps = heapsOf(pieces, tokensOf(pieces, tok), last - heard.sent);
  const [head] = heaps;
  const isKnown = head !== undefined && heaps.length > 1 && !isHeldBack(heaps) &&
    isAccounted(pieces, tok, head, last);
  return { first, last, tok: isKnown ? Math.max(0, Math.round(tok - head.tok)) : 0 };
}

/** Each piece holds one token, and of those beyond at most its share of the text; an empty piece has that of an average one. */
function tokensOf(pieces: readonly Piece[], tok: number): (piece: Piece) => number {
  const more = tok - pieces.length;
  if (more < 0) return () => tok / pieces.length;
  if (!hasRoom(pieces, tok)) return () => 1;
  const average = bytesOf(pieces) / shownOf(pieces);
  return ({ bytes }) => Math.min(1 + more, Math.max(1, tok * (bytes || average) / (average * pieces.length)));
}

/** Whether there is text enough for all tokens but those of the empty pieces. */
function hasRoom(pieces: readonly Piece[], tok: number): boolean {
  return bytesOf(pieces) >= LEAST_BYTES * tok * shownOf(pieces) / pieces.length;
}

function shownOf(pieces: readonly Piece[]): number {
  return pieces.filter(({ bytes }) => bytes > 0).length;
}

/**
 * Whether it can be known when the tokens came that no piece stands for: in the text, if most of it did not come first, or behind
 * all pieces, if there was time.
 */
function isAccounted(pieces: readonly Piece[], tok: number, head: Heap, last: number): boolean {
  const more = tok - pieces.length;
  if (more <= 1 + TOLD_IN_PASSING * pieces.length) return true;
  if (hasRoom(pieces, tok)) return bytesOf(head.pieces) <= bytesOf(pieces) / 2;
  const [first, latest] = [pieces[0]?.at ?? last, pieces.at(-1)?.at ?? last];
  return MOST_FASTER * (last - latest) * (pieces.length - 1) >= more * (latest - first);
}
