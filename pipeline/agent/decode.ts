// From when to when an answer was decoded, and how many tokens came in that time, seen or not. Pure.
import type { Exchange } from "./exchange.ts";

export interface Decode {
  /** When the first token came, milliseconds of performance.now(); null of none. */
  readonly first: number | null;
  readonly last: number | null;
  /** Tokens that came after the first and whatever came with it. */
  readonly tok: number;
}

type Heard = Pick<
  Exchange,
  "text_times" | "silent_times" | "frames" | "reasoning_frames" | "counts" | "finished"
>;

/** So many times more tokens in a frame of reasoning than in one of the answer are too many: some of it was not shown. */
const TOO_MANY = 1.5;

/**
 * The span of one answer. Empty pieces are tokens where the engine's count has room for them; reasoning of which nothing came is in
 * no span, and its tokens are left out. Tokens that no frame brought may have come until the frame that told the end.
 */
export function decodeOf(heard: Heard): Decode {
  const { text_times, silent_times, frames, counts, finished } = heard;
  const tok = counts.tok ?? frames;
  const seen = frames + silent_times.length <= tok ? [...text_times, ...silent_times] : text_times;
  if (seen.length === 0) return { first: null, last: null, tok: 0 };
  const first = earliest(seen);
  const missing = Math.max(0, tok - seen.length);
  const unseen = Math.min(silentReasoning(tok, seen.length, heard), missing);
  return {
    first,
    last: Math.max(latest(seen), missing > unseen ? finished ?? first : first),
    tok: afterFirst(tok - unseen, seen.length, seen.filter((time) => time === first).length),
  };
}

/** Tokens of reasoning of which nothing was sent. One engine puts as many tokens into a frame of reasoning as into one of the answer. */
function silentReasoning(tok: number, frames: number, { reasoning_frames, counts }: Heard): number {
  const told = counts.hidden_tok ?? 0;
  const answer_frames = frames - reasoning_frames;
  if (reasoning_frames === 0) return told;
  if (answer_frames === 0) return 0;
  const shown = Math.round(reasoning_frames * Math.max(1, (tok - told) / answer_frames));
  return told > TOO_MANY * shown ? told - shown : 0;
}

/** Tokens behind the first frame, which holds one, and the `together - 1` that came with it, which hold as many as the others. */
function afterFirst(tok: number, frames: number, together: number): number {
  if (tok < 1 || frames === 1) return Math.max(0, tok - 1);
  return Math.round((tok - 1) * (frames - together) / (frames - 1));
}

function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Infinity);
}

function latest(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time), -Infinity);
}
