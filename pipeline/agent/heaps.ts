// How the pieces of an answer came: by themselves, or in heaps that something on the way had held back. Pure.
import type { Piece } from "./pieces.ts";

/** Pieces that came together. */
export interface Heap {
  readonly pieces: readonly Piece[];
  readonly tok: number;
}

/** So many pieces that came together were held back. */
const HELD_BACK = 8;
/** Of all pieces so many at least must come behind such a first heap. */
const LEAST_BEHIND = 1 / 4;
/** And no more of them than this in other heaps. */
const MOST_HELD_BACK = 1 / 2;
/**
 * No engine decodes tokens closer together than this; and none of one answer so much closer than the whole of it took a token, unless
 * they are still as far apart as those of the fastest engines.
 */
const CLOSEST_MS = 0.1;
const CLOSER_THAN_USUAL = 1 / 50;
const FASTEST_MS = 0.5;

/** The pieces by their arrival; `tokensOf` one of them. Arrivals too close to each other for any engine are one. */
export function heapsOf(
  pieces: readonly Piece[],
  tokensOf: (piece: Piece) => number,
  took_ms: number,
): readonly Heap[] {
  const tok = pieces.reduce((sum, piece) => sum + tokensOf(piece), 0);
  const closest = Math.min(FASTEST_MS, Math.max(CLOSEST_MS, CLOSER_THAN_USUAL * took_ms / tok));
  const heaps: { at: number; last: number; pieces: Piece[]; tok: number }[] = [];
  for (const [at, arrived] of Map.groupBy(pieces, (piece) => piece.at)) {
    const arrivedTok = arrived.reduce((sum, piece) => sum + tokensOf(piece), 0);
    const before = heaps.at(-1);
    if (before === undefined || at - before.last >= closest * arrivedTok) {
      heaps.push({ at, last: at, pieces: arrived, tok: arrivedTok });
    } else {
      before.last = at;
      for (const piece of arrived) before.pieces.push(piece);
      before.tok += arrivedTok;
    }
  }
  return heaps;
}

/** Whether more of the answer was held back than came as it was decoded. */
export function isHeldBack([first, ...others]: readonly Heap[]): boolean {
  const count = (heaps: readonly Heap[]) => heaps.reduce((sum, { pieces }) => sum + pieces.length, 0);
  const heldBack = ({ pieces }: Heap) => pieces.length >= HELD_BACK;
  const behind = count(others);
  if (first !== undefined && heldBack(first) && behind < LEAST_BEHIND * (behind + first.pieces.length)) {
    return true;
  }
  return count(others.filter(heldBack)) > MOST_HELD_BACK * behind;
}
