// What a level brought, as a ladder wants to know it: the same figures that the almanac's SQL makes of the lines.
import { LADDER } from "../../schema/load_limits.ts";
import type { RequestLine } from "../../schema/request.ts";
import type { Rung } from "./ladder.ts";

/** Limits that a level must keep; undefined: none. */
export interface Slo {
  readonly ttft_ms?: number | undefined;
  readonly tpot_ms?: number | undefined;
}

/** The tokens of an answer, and when the first and the last came. */
interface Span {
  readonly tok: number;
  readonly first: number;
  readonly last: number;
}

export class Figures {
  readonly #spans: Span[] = [];
  readonly #ttft_ms: number[] = [];
  readonly #tpot_ms: number[] = [];
  #requests = 0;
  #errors = 0;

  /** A line of the level, of any phase; what the load before the window brought inside it counts. */
  add(line: RequestLine): void {
    const {
      phase,
      err,
      tok,
      scheduled_ns,
      first_text_ns,
      last_text_ns,
      first_token_ns,
      last_token_ns,
      decode_tok,
    } = line;
    const counts = phase === "measure" || phase === "repeat";
    if (counts) this.#requests += 1;
    if (err === true) {
      if (counts) this.#errors += 1;
      return;
    }
    const text = first_text_ns ?? 0;
    const [first, last] = [first_token_ns ?? text, last_token_ns ?? last_text_ns ?? 0];
    this.#spans.push({ tok: tok ?? 0, first, last });
    if (!counts) return;
    this.#ttft_ms.push((text - (scheduled_ns ?? text)) / 1e6);
    const after = decode_tok ?? (tok ?? 0) - 1;
    if (after > 0 && last > first) this.#tpot_ms.push((last - first) / 1e6 / after);
  }

  /** What the level came to while the load was on. */
  rung(level: number, load_seconds: number, { ttft_ms = Infinity, tpot_ms = Infinity }: Slo): Rung {
    const tokens = this.#spans.reduce((sum, span) => sum + tokensWithin(span, load_seconds * 1e9), 0);
    const keeps = (values: readonly number[], most: number) => (percentile(values, 0.99) ?? 0) <= most;
    return {
      level,
      tokens_per_second: load_seconds > 0 ? tokens / load_seconds : 0,
      meets_slo: this.#errors <= LADDER.most_errors * this.#requests && keeps(this.#ttft_ms, ttft_ms) &&
        keeps(this.#tpot_ms, tpot_ms),
    };
  }
}

/** Tokens that came from 0 to `end`, when they came evenly between the first and the last. Pure. */
function tokensWithin({ tok, first, last }: Span, end: number): number {
  if (last <= first) return first >= 0 && first <= end ? tok : 0;
  return tok * Math.max(0, Math.min(last, end) - Math.max(first, 0)) / (last - first);
}

/** Interpolated between neighbours; null of no values. Pure. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (at - Math.floor(at));
}
