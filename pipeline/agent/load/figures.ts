// What a level brought, as a ladder wants to know it: the same figures that the almanac's SQL makes of the lines.
import { LADDER } from "../../schema/load_limits.ts";
import type { RequestLine } from "../../schema/request.ts";
import type { Rung } from "./ladder.ts";

/** Limits that a level must keep; undefined: none. */
export interface Slo {
  readonly ttft_ms?: number | undefined;
  readonly tpot_ms?: number | undefined;
}

interface Text {
  readonly tok: number;
  readonly first: number;
  readonly last: number;
}

export class Figures {
  readonly #texts: Text[] = [];
  readonly #ttft_ms: number[] = [];
  readonly #tpot_ms: number[] = [];
  #requests = 0;
  #errors = 0;

  /** A line of the level, of any phase; what the load before the window brought inside it counts. */
  add({ phase, err, tok, scheduled_ns, first_text_ns, last_text_ns }: RequestLine): void {
    const counts = phase === "measure" || phase === "repeat";
    if (counts) this.#requests += 1;
    if (err === true) {
      if (counts) this.#errors += 1;
      return;
    }
    const [tokens, first, last] = [tok ?? 0, first_text_ns ?? 0, last_text_ns ?? 0];
    this.#texts.push({ tok: tokens, first, last });
    if (!counts) return;
    this.#ttft_ms.push((first - (scheduled_ns ?? first)) / 1e6);
    if (tokens > 1 && last > first) this.#tpot_ms.push((last - first) / 1e6 / (tokens - 1));
  }

  /** What the level came to while the load was on. */
  rung(level: number, load_seconds: number, { ttft_ms = Infinity, tpot_ms = Infinity }: Slo): Rung {
    const tokens = this.#texts.reduce((sum, text) => sum + tokensWithin(text, load_seconds * 1e9), 0);
    const keeps = (values: readonly number[], most: number) => (percentile(values, 0.99) ?? 0) <= most;
    return {
      level,
      tokens_per_second: load_seconds > 0 ? tokens / load_seconds : 0,
      meets_slo: this.#errors <= LADDER.most_errors * this.#requests && keeps(this.#ttft_ms, ttft_ms) &&
        keeps(this.#tpot_ms, tpot_ms),
    };
  }
}

/** Tokens that came from 0 to `end`, when they came evenly between the first and the last text. Pure. */
function tokensWithin({ tok, first, last }: Text, end: number): number {
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
