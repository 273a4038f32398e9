// The prompt of every request. It follows from the plan and the request's number alone, so that metadata.json tells every text
// that was sent. A nonce of the run at the very front keeps prompt caches out; only prompts that share a prefix have it after that.
import type { WorkloadMeta } from "../schema/metadata.ts";
import { MIXES } from "../schema/mixes.ts";
import { enforcesLength, labelOf, type Prompts } from "../schema/prompts.ts";
import type { Config } from "./config.ts";
import { diceFor, drawLength } from "./prompts/dice.ts";
import { STANDARD_PROMPTS } from "./prompts/standard.ts";
import { textOf } from "./prompts/text.ts";

/** What one request asks for. */
export interface Prompt {
  readonly kind: string;
  readonly text: string;
  /** Most tokens to generate. */
  readonly max_tokens: number;
  /** Whether all of them are wanted, whatever the model has to say. */
  readonly ignore_eos: boolean;
  /** Whether the engine may take a part of the prompt from its cache. */
  readonly may_be_cached: boolean;
}

/** What makes a prompt's length: tokens = fixed_tokens + words × tokens_per_word. */
export interface Gauge {
  readonly tokens_per_word: number;
  /** Of the chat template, the nonce and the question at the end. */
  readonly fixed_tokens: number;
  readonly gauged_by: "engine" | "estimate";
}

export interface PromptPlan {
  readonly prompts: Prompts;
  /** Of the standard prompts. */
  readonly max_tokens: number;
  readonly ignore_eos: boolean;
  readonly seed: number;
  readonly nonce: string;
  readonly gauge: Gauge;
}

/** English has about three words for four tokens. */
const ESTIMATE: Gauge = { tokens_per_word: 4 / 3, fixed_tokens: 32, gauged_by: "estimate" };

const QUESTIONS = {
  fixed: "Continue this text in the same style.",
  shared_prefix: "Continue this text in the same style.",
  chat: "What matters most in all this, and why?",
  rag: "Answer from the text above alone: what happened first, and where?",
  code:
    "Write a complete program, with tests, that keeps a record of all this and answers questions about it.",
};

/** The plan before the engine was asked how it counts. */
export function promptPlanOf({ prompts, max_tokens, engine, seed }: Config, nonce: string): PromptPlan {
  const ignore_eos = enforcesLength(prompts, engine);
  return { prompts, max_tokens, ignore_eos, seed, nonce, gauge: ESTIMATE };
}

/** The prompt of the n-th request. Pure. */
export function promptFor(n: number, plan: PromptPlan): Prompt {
  const { prompts, seed } = plan;
  switch (prompts.kind) {
    case "standard": {
      const { kind, text } = STANDARD_PROMPTS[n % STANDARD_PROMPTS.length] ?? STANDARD_PROMPTS[0];
      return asking(kind, `${nonceOf(n, plan)} ${text}`, plan.max_tokens, plan);
    }
    case "fixed": {
      const words = wordsIn(prompts.input_tokens, plan.gauge);
      return asking("fixed", ownText("fixed", words, n, plan), prompts.output_tokens, plan);
    }
    case "mix": {
      const { input, output } = MIXES[prompts.shape];
      const words = wordsIn(drawLength(input, diceFor(seed, n, "input")), plan.gauge);
      const most = drawLength(output, diceFor(seed, n, "output"));
      return asking(prompts.shape, ownText(prompts.shape, words, n, plan), most, plan);
    }
    case "shared_prefix": {
      const group = n % prompts.groups;
      const shared = Math.max(1, Math.round(prompts.prefix_tokens / plan.gauge.tokens_per_word));
      const words = wordsIn(prompts.prefix_tokens + prompts.input_tokens, plan.gauge) - shared;
      const prefix = `[${plan.nonce}] ${textOf(shared, diceFor(seed, group, "prefix"))}`;
      const text = `${prefix}\n\n${ownText("shared_prefix", Math.max(1, words), n, plan)}`;
      return { ...asking("shared_prefix", text, prompts.output_tokens, plan), may_be_cached: true };
    }
  }
}

/** Generated text of so many words between the nonce and the question of its kind. */
export function ownText(kind: keyof typeof QUESTIONS, words: number, n: number, plan: PromptPlan): string {
  return `${nonceOf(n, plan)} ${textOf(words, diceFor(plan.seed, n, "text"))}\n\n${QUESTIONS[kind]}`;
}

/** test_config.workload. Pure. */
export function workloadMetaOf({ prompts, ignore_eos, seed, nonce, gauge }: PromptPlan): WorkloadMeta {
  return {
    label: labelOf(prompts),
    prompts,
    length_enforced: ignore_eos,
    seed,
    nonce,
    ...(prompts.kind === "standard" ? {} : gauge),
  };
}

function asking(kind: string, text: string, max_tokens: number, { ignore_eos }: PromptPlan): Prompt {
  return { kind, text, max_tokens, ignore_eos, may_be_cached: false };
}

function nonceOf(n: number, { nonce }: PromptPlan): string {
  return `[${nonce}-${n}]`;
}

function wordsIn(tokens: number, { tokens_per_word, fixed_tokens }: Gauge): number {
  return Math.max(1, Math.round((tokens - fixed_tokens) / tokens_per_word));
}
