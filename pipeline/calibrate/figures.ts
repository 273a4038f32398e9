// The figures of one level from two lists of times, the client's and the server's. Pure.
import type { Heard } from "./heard.ts";
import type { Told } from "./mock/told.ts";

export interface Expected {
  /** Chunks with text of every stream. */
  readonly chunks: number;
  /** Tokens of every stream, as its end tells them. */
  readonly tokens: number;
}

export interface Figures {
  readonly requests: number;
  readonly errors: number;
  /** Chunks that came inside the window. */
  readonly chunks: number;
  /** True when no stream failed and the client counted in each as many chunks and tokens as the server sent. */
  readonly counts_exact: boolean;
  /** Per request: time to first chunk as the client has it, less what the server took from request to first chunk. */
  readonly ttft_errors_ms: number[];
  /** Per pair of neighbouring chunks: how far the client's gap is from the server's. */
  readonly itl_errors_ms: number[];
  /** Per chunk: from the server's sending to the client's having it, clocks brought together. */
  readonly lags_ms: number[];
  /** Per chunk: how long the server's call took that sent it, within which the time of sending is not certain. */
  readonly server_spans_ms: number[];
  /** Per chunk: how late the server sent it. Not the client's fault, and not part of the errors. */
  readonly server_lates_ms: number[];
}

/** What lies inside `window`, milliseconds of the client's clock; `offset_ms` is what the server's clock is ahead. */
export function figuresOf(
  heard: readonly Heard[],
  told: readonly Told[],
  expected: Expected,
  window: { readonly from: number; readonly to: number },
  offset_ms: number,
): Figures {
  const byKey = new Map(told.map((one) => [one.key, one]));
  const figures = {
    requests: heard.length,
    errors: heard.filter(({ error }) => error !== null).length,
    chunks: 0,
    counts_exact: heard.every((one) => isExact(one, byKey.get(one.key), expected)),
    ttft_errors_ms: [] as number[],
    itl_errors_ms: [] as number[],
    lags_ms: [] as number[],
    server_spans_ms: [] as number[],
    server_lates_ms: [] as number[],
  };
  for (const { key, sent_ms, chunks_ms } of heard) {
    const truth = byKey.get(key);
    chunks_ms.forEach((at, index) => {
      if (at < window.from || at > window.to) return;
      figures.chunks += 1;
      const sent = truth?.sent_ms[index];
      if (truth === undefined || sent === undefined) return;
      figures.lags_ms.push(at - (sent - offset_ms));
      figures.server_spans_ms.push(truth.span_ms[index] ?? 0);
      figures.server_lates_ms.push(sent - (truth.received_ms + truth.due.ttft + index * truth.due.gap));
      const [before, sentBefore] = [chunks_ms[index - 1], truth.sent_ms[index - 1]];
      if (before === undefined || sentBefore === undefined) {
        figures.ttft_errors_ms.push(at - sent_ms - (sent - truth.received_ms));
      } else {
        figures.itl_errors_ms.push(Math.abs(at - before - (sent - sentBefore)));
      }
    });
  }
  return figures;
}

function isExact({ chunks_ms, tokens, error }: Heard, truth: Told | undefined, expected: Expected): boolean {
  return error === null && truth !== undefined && truth.sent_ms.length === expected.chunks &&
    chunks_ms.length === expected.chunks && tokens === expected.tokens;
}
