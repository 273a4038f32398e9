// PURE. An engine's own counters from its /metrics, under one set of names whichever engine it is.
import { samplesIn } from "./prometheus.ts";

/** What an engine counts since it started. Null: it does not tell. */
export interface Gauges {
  /** Requests that are served now. */
  readonly running: number | null;
  /** Requests that wait for their turn. */
  readonly waiting: number | null;
  /** Output tokens, all requests. */
  readonly generation_tokens: number | null;
  /** Prompt tokens, all requests. */
  readonly prompt_tokens: number | null;
  /** Used part of the memory for keys and values, 0 to 1; the fullest where there are several. */
  readonly kv_usage: number | null;
}

/** The names under which an engine tells each of them, the newest first; a counter may end in `_total`. */
export type GaugeNames = Readonly<Record<keyof Gauges, readonly string[]>>;

/** The gauges in `text`. Samples of several workers are added up. */
export function gaugesIn(text: string, names: GaugeNames): Gauges {
  const samples = samplesIn(text).filter(({ value }) => Number.isFinite(value));
  const values = (wanted: readonly string[]): number[] => {
    for (const name of wanted) {
      for (const spelled of [name, `${name}_total`]) {
        const found = samples.filter((sample) => sample.name === spelled);
        if (found.length > 0) return found.map(({ value }) => value);
      }
    }
    return [];
  };
  const sum = (wanted: readonly string[]) => {
    const found = values(wanted);
    return found.length === 0 ? null : found.reduce((all, value) => all + value, 0);
  };
  const usage = values(names.kv_usage);
  return {
    running: sum(names.running),
    waiting: sum(names.waiting),
    generation_tokens: sum(names.generation_tokens),
    prompt_tokens: sum(names.prompt_tokens),
    kv_usage: usage.length === 0 ? null : Math.max(...usage),
  };
}
