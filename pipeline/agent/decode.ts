// From when to when an answer was decoded, and how many tokens came in that time, seen or not. Pure.
import type { Exchange } from "./exchange.ts";

export interface Decode {
  /** When the first token came, milliseconds of performance.now(); null of none. */
  readonly first: number | null;
  readonly last: number | null;
  /** Tokens that came after the first and whatever came with it. */
  readonly tok: number;
}

type Heard = Pick<Exchange, "text_times" | "silent_times" | "frames" | "counts" | "reasoned" | "finished">;

/**
 * The span of one answer. Empty pieces are tokens where the engine's count has room for them; reasoning of which nothing came is in
 * no span, and its tokens are left out. Tokens that no frame brought may have come until the frame that told the end.
 */
export function decodeOf(heard: Heard): Decode {
  const { text_times, silent_times, frames, counts, reasoned, finished } = heard;
  const tok = counts.tok ?? frames;
  const seen = frames + silent_times.length <= tok ? [...text_times, ...silent_times] : text_times;
  if (seen.length === 0) return { first: null, last: null, tok: 0 };
  const first = earliest(seen);
  const missing = Math.max(0, tok - seen.length);
  const unseen = reasoned ? 0 : Math.min(counts.hidden_tok ?? 0, missing);
  return {
    first,
    last: Math.max(latest(seen), missing > unseen ? finished ?? first : first),
    tok: Math.max(0, tok - unseen - seen.filter((time) => time === first).length),
  };
}

function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Infinity);
}

function latest(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time), -Infinity);
}
