// Evidence of closed-loop ladders whose figures follow from few numbers, for the tests of limits, knees and hosts.
import type { Source } from "../pipeline/lib/seal.ts";
import type { Paths } from "../pipeline/paths.ts";
import { jsonl, metadata, sealed } from "./fixtures.ts";

/** One level: every request has its first text after `ttft` ms and a token more every `tpot` ms. */
export interface Step {
  readonly level: number;
  readonly ttft: number;
  readonly tpot: number;
}

export interface Ladder {
  readonly steps: readonly Step[];
  readonly gpu?: string;
  readonly host?: string | null;
  readonly price?: number | null;
  readonly model?: string;
  readonly source?: Partial<Source>;
  /** Tokens of each request beyond 101, by its number. */
  readonly more?: (n: number) => number;
}

export const MODEL = "qwen2:7b";
const TOKENS = 101;
const WAVES = 12;

/** Tokens/s of all requests together at a step: each wave of them lasts from its start to its last text. */
export function throughputOf({ level, ttft, tpot }: Step): number {
  return level * TOKENS / ((ttft + (TOKENS - 1) * tpot) / 1000);
}

/** Writes one evidence with a ladder of levels. */
export async function ladder(paths: Paths, name: string, told: Ladder): Promise<void> {
  const { steps, gpu = "NVIDIA GeForce RTX 4090", host, price = 0.4, model = MODEL, source, more } = told;
  const meta = JSON.parse(metadata({ hardware: { gpu_name: gpu }, model: { name: model } }));
  await sealed(paths, "run", name, {
    "results.jsonl": jsonl(steps.flatMap((step) => linesOf(step, more))),
    "metadata.json": JSON.stringify({
      ...meta,
      hostname: host === null ? null : meta.hostname,
      ...(host === undefined || host === null ? {} : { host_id: host }),
    }),
  }, { price_per_hour: price, ...source });
}

function linesOf({ level, ttft, tpot }: Step, more: (n: number) => number = () => 0): object[] {
  return Array.from({ length: WAVES * level }, (_, n) => {
    const tok = TOKENS + more(n);
    const start = Math.floor(n / level) * (ttft + (TOKENS - 1) * tpot);
    const end = start + ttft + (tok - 1) * tpot;
    const at = (ms: number) => Math.round(ms * 1e6);
    return {
      t: 1767323045 + start / 1000,
      n,
      tok,
      tps: 1,
      dur: (end - start) / 1000,
      err: false,
      phase: "measure",
      level,
      scheduled_ns: at(start),
      sent_ns: at(start),
      first_frame_ns: at(start + ttft),
      first_text_ns: at(start + ttft),
      last_text_ns: at(end),
      end_ns: at(end),
    };
  });
}
