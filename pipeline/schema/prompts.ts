// What requests ask for: the ten standard prompts, or generated text of given lengths. A workload's label names it wherever results meet.
import { z } from "zod";
import { type EngineName } from "./names.ts";
import { MIXES, SHAPES } from "./mixes.ts";

const MOST_TOKENS = 131_072;
const inputs = (what: string) => z.int().min(64).max(MOST_TOKENS).meta({ description: what });
const output_tokens = z.int().min(1).max(MOST_TOKENS).meta({
  description: "Tokens that every request is to generate.",
});
const ignore_eos = z.boolean().optional().meta({
  description:
    "Whether generation goes on past its natural end, so that every answer has its length. Default: true where the engine is known to do so (vllm, sglang, llama.cpp, embedded), else false; Ollama never does.",
});

export const Prompts = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("standard") }).meta({
    id: "StandardPrompts",
    description: "Ten short prompts of four kinds; answers end by themselves or at max_tokens.",
  }),
  z.strictObject({
    kind: z.literal("fixed"),
    input_tokens: inputs("Length of every prompt, tokens, the chat template's included."),
    output_tokens,
    ignore_eos,
  }).meta({ id: "FixedPrompts", description: "Generated text of one length, answers of one length." }),
  z.strictObject({
    kind: z.literal("mix"),
    shape: z.enum(SHAPES).meta({
      description:
        "chat: short prompts, medium answers; rag: prompts of some thousand tokens, short answers; code: medium prompts, long answers.",
    }),
  }).meta({
    id: "MixedPrompts",
    description:
      "Generated text whose lengths are drawn for each request; answers end by themselves or there.",
  }),
  z.strictObject({
    kind: z.literal("shared_prefix"),
    prefix_tokens: inputs("Length of what all prompts of a group begin with, tokens."),
    input_tokens: inputs("Length of what follows it and is each prompt's own, tokens."),
    output_tokens,
    groups: z.int().min(1).max(10_000).default(1).meta({
      description: "How many prefixes there are; requests take them in turn.",
    }),
    ignore_eos,
  }).meta({
    id: "SharedPrefixPrompts",
    description: "The only prompts that an engine may take from its cache: how much it does is the question.",
  }),
]).meta({ id: "Prompts", description: "What requests ask for." });

export type Prompts = z.infer<typeof Prompts>;

export const STANDARD: Prompts = { kind: "standard" };

/** Engines that go on past a natural end when a request says `ignore_eos`. */
const ENFORCING: readonly EngineName[] = ["vllm", "sglang", "llama.cpp", "embedded"];

/** Whether answers of `engine` are held to their lengths. */
export function enforcesLength(prompts: Prompts, engine: EngineName): boolean {
  if (prompts.kind === "standard" || prompts.kind === "mix" || engine === "ollama") return false;
  return prompts.ignore_eos ?? ENFORCING.includes(engine);
}

/** Results of different labels are never compared: `standard`, `fixed 512/128`, `chat`, `shared_prefix 4x2048+128/64`. */
export function labelOf(prompts: Prompts): string {
  switch (prompts.kind) {
    case "standard":
      return "standard";
    case "fixed":
      return `fixed ${prompts.input_tokens}/${prompts.output_tokens}`;
    case "mix":
      return prompts.shape;
    case "shared_prefix": {
      const { groups, prefix_tokens, input_tokens, output_tokens } = prompts;
      return `shared_prefix ${groups}x${prefix_tokens}+${input_tokens}/${output_tokens}`;
    }
  }
}

/** The longest prompt and answer, tokens; null of the standard prompts, which are short and end at max_tokens. */
export function longest(prompts: Prompts): { readonly input: number; readonly output: number } | null {
  switch (prompts.kind) {
    case "standard":
      return null;
    case "fixed":
      return { input: prompts.input_tokens, output: prompts.output_tokens };
    case "mix":
      return { input: MIXES[prompts.shape].input.most, output: MIXES[prompts.shape].output.most };
    case "shared_prefix":
      return { input: prompts.prefix_tokens + prompts.input_tokens, output: prompts.output_tokens };
  }
}

/** How much longer than asked a prompt may come out, since its tokens are counted by the engine alone. */
const TOLERANCE = 1.1;

/** Why `context_tokens` cannot hold the longest request, with the numbers; null when it can. */
export function whyTooLong(prompts: Prompts, context_tokens: number): string | null {
  const most = longest(prompts);
  if (most === null) return null;
  const needed = Math.ceil(most.input * TOLERANCE) + most.output;
  return needed <= context_tokens
    ? null
    : `it is ${context_tokens}, "${
      labelOf(prompts)
    }" needs ${needed}: ${most.input} tokens in and a tenth to spare, ${most.output} out`;
}
