// PURE. An engine's own counters from its /metrics, under one set of names whichever engine it is.
import { z } from "zod";
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

const names = (what: string) =>
  z.array(z.string().min(1)).readonly().meta({ description: `Names of ${what}, the newest first.` });

/** The names under which an engine tells each of them, the newest first; a counter may end in `_total`. */
export const GaugeNames = z.strictObject({
  running: names("the gauge of requests that are served now"),
  waiting: names("the gauge of requests that wait for their turn"),
  generation_tokens: names("the counter of output tokens"),
  prompt_tokens: names("the counter of prompt tokens"),
  kv_usage: names("the gauge of the memory for keys and values in use"),
}).readonly().meta({ id: "GaugeNames", description: "How an engine names its counters." });

export type GaugeNames = z.infer<typeof GaugeNames>;

/** No counter of an engine comes so far. */
export const MOST_COUNTED = 1e12;

/** The gauges in `text`. Samples of several workers are added up; what no engine can have counted is not told. */
export function gaugesIn(text: string, names: GaugeNames): Gauges {
  const known = Object.values(names).flat();
  const told = text.split("\n").filter((line) => known.some((name) => line.trimStart().startsWith(name)));
  const samples = samplesIn(told.join("\n")).filter(({ value }) => Number.isFinite(value));
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
    running: counted(sum(names.running)),
    waiting: counted(sum(names.waiting)),
    generation_tokens: counted(sum(names.generation_tokens)),
    prompt_tokens: counted(sum(names.prompt_tokens)),
    kv_usage: usage.length === 0 ? null : counted(Math.max(...usage)),
  };
}

function counted(value: number | null): number | null {
  return value !== null && value >= 0 && value <= MOST_COUNTED ? value : null;
}

/** llama-server's names; the embedded engine tells its counters under the same. */
export const LLAMA_SERVER_NAMES: GaugeNames = {
  running: ["llamacpp:requests_processing"],
  waiting: ["llamacpp:requests_deferred"],
  generation_tokens: ["llamacpp:tokens_predicted"],
  prompt_tokens: ["llamacpp:prompt_tokens"],
  kv_usage: [],
};
