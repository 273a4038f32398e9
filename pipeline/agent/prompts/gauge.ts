// How many tokens a word is to the engine under test. Nobody but the engine knows, so it is asked before the load begins: two prompts of
// known numbers of words, and what it says it counted. Their lines are kept as warm-up.
import { exchange } from "../exchange.ts";
import type { LoadContext } from "../load.ts";
import { type Gauge, ownText, type Prompt, type PromptPlan } from "../prompts.ts";
import { chunkLineOf, lineOf } from "../record.ts";

/** Words of the longer prompt, where the context holds them. */
const MOST_WORDS = 400;
/** No tokenizer makes more of a word. */
const MOST_TOKENS_PER_WORD = 8;
const ANSWER_TOKENS = 4;

type ProbeContext = Omit<LoadContext, "onFrame">;

interface Counted {
  readonly words: number;
  readonly tokens: number | undefined;
}

/** The plan with the engine's own measure of words, its lines being those of `level`; as it was when the engine does not count or the prompts are the standard ones. */
export async function gauged(
  context: ProbeContext,
  level: number,
): Promise<PromptPlan> {
  const { plan, config, stop } = context;
  if (plan.prompts.kind === "standard" || stop.aborted) return plan;
  const most = Math.min(MOST_WORDS, Math.floor(config.context_tokens / (2 * MOST_TOKENS_PER_WORD)));
  const short = await count(Math.ceil(most / 4), context, level);
  const long = await count(most, context, level);
  return { ...plan, gauge: gaugeOf(short, long) ?? plan.gauge };
}

/** The line through two counts; null when they make no sense, as those of an engine that says the same of every prompt. Pure. */
export function gaugeOf(short: Counted, long: Counted): Gauge | null {
  if (short.tokens === undefined || long.tokens === undefined) return null;
  const slope = (long.tokens - short.tokens) / (long.words - short.words);
  if (slope < 0.5 || slope > MOST_TOKENS_PER_WORD) return null;
  const tokens_per_word = Math.round(slope * 1e4) / 1e4;
  const fixed_tokens = Math.max(0, Math.round(short.tokens - short.words * tokens_per_word));
  return { tokens_per_word, fixed_tokens, gauged_by: "engine" };
}

async function count(
  words: number,
  context: ProbeContext,
  level: number,
): Promise<Counted> {
  const { plan } = context;
  const n = context.nextNumber();
  const scheduled = performance.now();
  const kind = plan.prompts.kind === "mix" ? plan.prompts.shape : "fixed";
  const prompt: Prompt = {
    kind: "probe",
    text: ownText(kind, words, n, plan),
    max_tokens: ANSWER_TOKENS,
    ignore_eos: false,
    may_be_cached: false,
  };
  const result = await exchange(prompt, { ...context, onFrame: () => undefined });
  const place = { n, phase: "warmup", level, prompt, origin: scheduled, scheduled } as const;
  context.write(lineOf(result, place), chunkLineOf(result, place));
  return { words, tokens: result.counts.prompt_tok };
}
