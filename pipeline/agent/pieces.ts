// Which pieces of an answer stand for its tokens, and for how many of them. Pure.
import type { Exchange } from "./exchange.ts";

/** A piece of an answer, with the bytes of its text; none of one that shows nothing. */
export interface Piece {
  readonly at: number;
  readonly bytes: number;
}

export interface Shown {
  /** In the order in which they came. */
  readonly pieces: readonly Piece[];
  /** Tokens that they and the time around them hold. */
  readonly tok: number;
}

type Heard = Pick<
  Exchange,
  "text_times" | "text_bytes" | "silent_times" | "reasoning_frames" | "counts"
>;

/** So many times more tokens in a frame of reasoning than in one of the answer are too many: some of it was not shown. */
const TOO_MANY = 1.5;
/** Reasoning that is shown in full has more bytes a token than a summary of it. */
const LEAST_BYTES_OF_REASONING = 2;
/** Pieces that show nothing may be a few more than the tokens, which engines count without the last or the first. */
const MORE_THAN_COUNTED = 1.1;
/** A piece that shows nothing, followed by a gap this long and so many times longer than those of the text, keeps a connection alive. */
const HEARTBEAT = { least_ms: 100, steps: 10 };
/** So many steps make it one where there are more pieces than tokens. */
const SURPLUS_STEPS = 2;

/**
 * Reasoning of which nothing came, or a summary, is in no span, and its tokens are left out. Empty pieces are tokens where the
 * engine's count has room for them and they come as the text does.
 */
export function shownBy({ text_times, text_bytes, silent_times, reasoning_frames, counts }: Heard): Shown {
  const texts = text_times.map((at, index): Piece => ({ at, bytes: text_bytes[index] ?? 0 }));
  if (counts.tok === undefined) return { pieces: texts, tok: texts.length };
  const { tok, hidden_tok = 0 } = counts;
  const pieces = withSilent(texts, silent_times, tok);
  // Reasoning comes before the answer.
  const reasoning = new Set(texts.slice(0, reasoning_frames));
  const [answers, answered] = [pieces.length - reasoning.size, Math.max(0, tok - hidden_tok)];
  if (isSummary([...reasoning], hidden_tok, answers === 0 ? null : answered / answers)) {
    const over = texts[reasoning_frames - 1]?.at ?? 0;
    const behind = pieces.filter((piece) => piece.at >= over && !reasoning.has(piece));
    return { pieces: behind, tok: Math.round(answered * behind.length / Math.max(1, answers)) };
  }
  const missing = reasoning_frames > 0 ? 0 : Math.max(0, tok - pieces.length);
  return { pieces, tok: tok - Math.min(hidden_tok, missing) };
}

/** Whether `reasoning` is less than was thought. One engine puts as many tokens into a frame of it as into one of the answer. */
function isSummary(reasoning: readonly Piece[], tok: number, tokInAnswer: number | null): boolean {
  if (reasoning.length === 0) return false;
  const isLess = tok > TOO_MANY * reasoning.length * Math.max(1, tokInAnswer ?? 1);
  return isLess && (tokInAnswer !== null || bytesOf(reasoning) < LEAST_BYTES_OF_REASONING * tok);
}

/** The texts with the empty pieces that are tokens. */
function withSilent(texts: readonly Piece[], silent_times: readonly number[], tok: number): readonly Piece[] {
  const silent = silent_times.map((at): Piece => ({ at, bytes: 0 }));
  if (silent.length === 0 || texts.length + silent.length > MORE_THAN_COUNTED * tok + 1) return texts;
  const all = [...texts, ...silent].toSorted((a, b) => a.at - b.at);
  const step = usualGap(texts) ?? usualGap(all) ?? 0;
  let from = 0;
  while (all[from]?.bytes === 0 && isHeartbeat(all, from, step, tok)) from += 1;
  return all.slice(from);
}

function isHeartbeat(all: readonly Piece[], from: number, step: number, tok: number): boolean {
  const [piece, next] = [all[from], all[from + 1]];
  if (piece === undefined || next === undefined) return false;
  const surplus = all.length - from > tok;
  const longest = surplus ? SURPLUS_STEPS * step : Math.max(HEARTBEAT.least_ms, HEARTBEAT.steps * step);
  return next.at - piece.at > longest;
}

/** The median gap between the times at which pieces came; null of a single time. */
function usualGap(pieces: readonly Piece[]): number | null {
  const times = [...new Set(pieces.map(({ at }) => at))];
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at)).toSorted((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? null;
}

export function bytesOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}
