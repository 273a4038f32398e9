// How many tokens a word is to the engine under test. Nobody but the engine knows, so it is asked before the load begins: prompts of known
// numbers of words, and what it says it counted. Their lines are kept as warm-up.
import type { LoadContext } from "../load.ts";
import { type Gauge, ownText, type Prompt, type PromptPlan } from "../prompts.ts";
import { chunkLineOf, lineOf } from "../record.ts";

/** Words of the longer prompts, where the context holds them. */
const MOST_WORDS = 400;
const LEAST_WORDS = 16;
/** So many of each length, since words differ. */
const PROBES = 3;
/** No tokenizer makes more of a word. */
const MOST_TOKENS_PER_WORD = 8;
const ANSWER_TOKENS = 4;

type ProbeContext = Omit<LoadContext, "onSend">;

interface Counted {
  readonly words: number;
  readonly tokens: number;
}

/** The plan with the engine's own measure of words, its lines being those of `level`; as it was when the engine does not count or the prompts are the standard ones. */
export async function gauged(context: ProbeContext, level: number): Promise<PromptPlan> {
  const { plan, config } = context;
  if (plan.prompts.kind === "standard") return plan;
  const most = Math.min(MOST_WORDS, Math.floor(config.context_tokens / MOST_TOKENS_PER_WORD));
  const counts: Counted[] = [];
  for (let probe = 0; probe < 2 * PROBES; probe++) {
    const words = probe % 2 === 0 ? LEAST_WORDS : most;
    const tokens = await tokensOf(words, context, level);
    if (tokens === undefined) return plan;
    counts.push({ words, tokens });
  }
  return { ...plan, gauge: gaugeOf(counts) ?? plan.gauge };
}

/** The line of least squares through the counts; null when it makes no sense, as of an engine that says the same of every prompt. Pure. */
export function gaugeOf(counts: readonly Counted[]): Gauge | null {
  const mean = (of: (count: Counted) => number) =>
    counts.reduce((sum, count) => sum + of(count), 0) / counts.length;
  const words = mean((count) => count.words);
  const tokens = mean((count) => count.tokens);
  const slope = mean((count) => (count.words - words) * (count.tokens - tokens)) /
    mean((count) => (count.words - words) ** 2);
  if (!(slope >= 0.5 && slope <= MOST_TOKENS_PER_WORD)) return null;
  const tokens_per_word = Math.round(slope * 1e4) / 1e4;
  const fixed_tokens = Math.max(0, Math.round(tokens - words * tokens_per_word));
  return { tokens_per_word, fixed_tokens, gauged_by: "engine" };
}

/** What the engine counts of a prompt with so many words; undefined when it does not say or fails. */
async function tokensOf(words: number, context: ProbeContext, level: number): Promise<number | undefined> {
  const { plan } = context;
  const n = context.nextNumber();
  const kind = plan.prompts.kind === "mix" ? plan.prompts.shape : "fixed";
  const prompt: Prompt = {
    kind: "probe",
    text: ownText(kind, words, n, plan),
    max_tokens: ANSWER_TOKENS,
    ignore_eos: false,
    may_be_cached: false,
  };
  const scheduled = performance.now();
  const result = await context.exchanger.exchange(prompt);
  const place = { n, phase: "warmup", level, prompt, origin: scheduled, scheduled } as const;
  context.write(lineOf(result, place), chunkLineOf(result, place));
  return result.counts.prompt_tok;
}
