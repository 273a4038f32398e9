// What is asked of an engine: generated text of given lengths, drawn from a seed, and how the engine's own counts set them right.
import { deepEqual, equal, match, notEqual, ok, throws } from "node:assert/strict";
import { readConfig } from "../pipeline/agent/config.ts";
import { type Gauge, promptFor, type PromptPlan, promptPlanOf } from "../pipeline/agent/prompts.ts";
import { diceFor, drawLength } from "../pipeline/agent/prompts/dice.ts";
import { gaugeOf } from "../pipeline/agent/prompts/gauge.ts";
import { textOf } from "../pipeline/agent/prompts/text.ts";
import { Workload } from "../pipeline/schema/matrix.ts";
import { type Lengths, MIXES, SHAPES } from "../pipeline/schema/mixes.ts";
import { ENGINES } from "../pipeline/schema/names.ts";
import { enforcesLength, labelOf, longest, Prompts, whyTooLong } from "../pipeline/schema/prompts.ts";

const FIXED: Prompts = { kind: "fixed", input_tokens: 512, output_tokens: 128 };
const SHARED: Prompts = {
  kind: "shared_prefix",
  prefix_tokens: 1024,
  input_tokens: 256,
  output_tokens: 64,
  groups: 3,
};
const GAUGE: Gauge = { tokens_per_word: 1.25, fixed_tokens: 37, gauged_by: "engine" };

function plan(prompts: Prompts, changes: Partial<PromptPlan> = {}): PromptPlan {
  const env = { MODEL: "m", CONTEXT: "8192", PROMPTS: JSON.stringify(prompts), SEED: "7" };
  return { ...promptPlanOf(readConfig(env, new Date()), "abcd1234"), gauge: GAUGE, ...changes };
}

const wordsIn = (text: string) => text.split(/\s+/).length;
const mix = (shape: typeof SHAPES[number]): Prompts => ({ kind: "mix", shape });

Deno.test("text has exactly the words asked for, in sentences, and other numbers give another text", () => {
  for (const count of [1, 2, 7, 100, 3001]) {
    const text = textOf(count, diceFor(1, count));
    equal(wordsIn(text), count);
    match(text, /^[A-Z][\s\S]*[a-z]\.$/);
    for (const sentence of text.split(/(?<=\.)\s+/)) match(sentence, /^[A-Z][^.]*\.$/);
  }
  equal(textOf(100, diceFor(1, "x")), textOf(100, diceFor(1, "x")));
  notEqual(textOf(100, diceFor(1, "x")), textOf(100, diceFor(2, "x")));
});

for (const prompts of [FIXED, mix("chat"), mix("rag"), mix("code")]) {
  Deno.test(`of ${labelOf(prompts)} every prompt begins with its nonce, follows from seed and number, and is like no other`, () => {
    const texts = Array.from({ length: 200 }, (_, n) => promptFor(n, plan(prompts)).text);
    texts.forEach((text, n) => ok(text.startsWith(`[abcd1234-${n}] `)));
    const bodies = texts.map((text) => text.replace(/^\[.*?\] /, ""));
    equal(new Set(bodies).size, bodies.length);
    deepEqual(promptFor(150, plan(prompts)), promptFor(150, plan(prompts)));
    notEqual(promptFor(150, plan(prompts, { seed: 8 })).text, texts[150]);
  });
}

Deno.test("a prompt has as many words as its tokens make by the engine's measure", () => {
  const { text } = promptFor(3, plan(FIXED));
  const [own = ""] = text.replace(/^\[.*?\] /, "").split(/\n\n(?=Continue)/);
  equal(wordsIn(own), Math.round((512 - 37) / 1.25));
  ok(wordsIn(promptFor(3, plan(FIXED, { gauge: { ...GAUGE, tokens_per_word: 5 } })).text) < 120);
});

Deno.test("a gauge is the line through the counts; counts that make no sense give none", () => {
  deepEqual(
    gaugeOf([
      { words: 100, tokens: 158 },
      { words: 400, tokens: 537 },
      { words: 100, tokens: 162 },
      { words: 400, tokens: 533 },
    ]),
    { tokens_per_word: 1.25, fixed_tokens: 35, gauged_by: "engine" },
  );
  equal(gaugeOf([{ words: 100, tokens: 40 }, { words: 400, tokens: 40 }]), null);
  equal(gaugeOf([{ words: 100, tokens: 10 }, { words: 400, tokens: 9000 }]), null);
  equal(gaugeOf([{ words: 100, tokens: 10 }]), null);
  equal(gaugeOf([]), null);
});

for (const shape of SHAPES) {
  for (const side of ["input", "output"] as const) {
    Deno.test(`${side} lengths of ${shape} are log-normal between their limits`, () => {
      const lengths = MIXES[shape][side];
      const drawn = Array.from({ length: 20_000 }, (_, n) => drawLength(lengths, diceFor(3, n, side)))
        .sort((a, b) => a - b);
      for (
        const [share, z] of [[0.1, -1.2816], [0.25, -0.6745], [0.5, 0], [0.75, 0.6745], [
          0.9,
          1.2816,
        ]] as const
      ) {
        const found = drawn[Math.floor(share * drawn.length)] ?? 0;
        const expected = quantile(lengths, z);
        ok(Math.abs(found / expected - 1) < 0.04, `${share}: ${found} instead of ${expected}`);
      }
      ok((drawn[0] ?? 0) >= lengths.least && (drawn.at(-1) ?? 0) <= lengths.most);
    });
  }

  Deno.test(`requests of ${shape} ask for lengths of their own`, () => {
    const asked = Array.from({ length: 50 }, (_, n) => promptFor(n, plan(mix(shape))));
    ok(new Set(asked.map(({ max_tokens }) => max_tokens)).size > 30);
    ok(new Set(asked.map(({ text }) => text.length)).size > 40);
    deepEqual([...new Set(asked.map(({ kind, ignore_eos }) => `${kind} ${ignore_eos}`))], [`${shape} false`]);
  });
}

function quantile({ median, sigma, least, most }: Lengths, z: number): number {
  return Math.min(most, Math.max(least, median * Math.exp(sigma * z)));
}

Deno.test("the requests of a group share their prefix to the letter, and differ from the nonce behind it on", () => {
  const prompts = Array.from({ length: 6 }, (_, n) => promptFor(n, plan(SHARED)));
  const parts = prompts.map(({ text }, n) => text.split(`[abcd1234-${n}] `));
  const prefixes = parts.map(([prefix = ""]) => prefix);
  deepEqual(prefixes.slice(3), prefixes.slice(0, 3));
  equal(new Set(prefixes).size, 3);
  equal(new Set(parts.map(([, own]) => own)).size, 6);
  for (const prefix of prefixes) {
    ok(prefix.startsWith("[abcd1234] "));
    equal(wordsIn(prefix.trim()) - 1, Math.round(1024 / 1.25));
  }
  ok(prompts.every(({ may_be_cached, max_tokens }) => may_be_cached && max_tokens === 64));
  notEqual(promptFor(0, plan(SHARED, { nonce: "other" })).text.slice(0, 12), prompts[0]?.text.slice(0, 12));
});

Deno.test("only prompts that share a prefix may come from a cache", () => {
  for (const prompts of [FIXED, mix("rag"), { kind: "standard" } as const]) {
    equal(promptFor(1, plan(prompts)).may_be_cached, false);
  }
});

Deno.test("answers are held to their length by engines known to do so, by others when the matrix says it, by Ollama never", () => {
  const told = (prompts: Prompts) => ENGINES.filter((engine) => enforcesLength(prompts, engine));
  deepEqual(told(FIXED), ["vllm", "sglang", "llama.cpp", "embedded"]);
  deepEqual(told({ ...FIXED, ignore_eos: true }), ["vllm", "sglang", "llama.cpp", "openai", "embedded"]);
  deepEqual(told({ ...SHARED, ignore_eos: false }), []);
  for (const prompts of [{ kind: "standard" }, ...SHAPES.map(mix)] as Prompts[]) deepEqual(told(prompts), []);
});

Deno.test("each workload has a label that tells its lengths", () => {
  deepEqual([{ kind: "standard" } as const, FIXED, mix("code"), SHARED].map(labelOf), [
    "standard",
    "fixed 512/128",
    "code",
    "shared_prefix 3x1024+256/64",
  ]);
});

Deno.test("every mix fits the context that its description names, and no smaller one", () => {
  for (const [shape, context] of [["chat", 2048], ["rag", 8192], ["code", 4096]] as const) {
    equal(whyTooLong(mix(shape), context), null);
    ok(whyTooLong(mix(shape), context / 2));
  }
  for (const shape of SHAPES) {
    const { input = 0, output = 0 } = longest(mix(shape)) ?? {};
    const prompts = Array.from({ length: 500 }, (_, n) => promptFor(n, plan(mix(shape))));
    ok(prompts.every(({ max_tokens }) => max_tokens <= output));
    ok(prompts.every(({ text }) => wordsIn(text) * 1.25 < input * 1.1));
  }
});

Deno.test("a workload whose context is too short for its longest request is refused with the numbers", () => {
  const { error } = Workload.safeParse({ prompts: { kind: "mix", shape: "rag" } });
  deepEqual(error?.issues.map(({ path, message }) => [path.join("."), message]), [[
    "context_tokens",
    'it is 2048, "rag" needs 7271: 6144 tokens in and a tenth to spare, 512 out',
  ]]);
  ok(Workload.safeParse({ prompts: { kind: "mix", shape: "rag" }, context_tokens: 8192 }).success);
});

for (
  const [what, env, words] of [
    ["text that is no JSON", { PROMPTS: "fixed" }, /PROMPTS: it is not JSON/],
    [
      "an unknown kind",
      { PROMPTS: '{"kind":"fixt"}' },
      /PROMPTS\.kind: unknown value "fixt", known: fixed, /,
    ],
    [
      "an unknown shape",
      { PROMPTS: '{"kind":"mix","shape":"chad"}' },
      /shape: unknown value "chad", known: chat/,
    ],
    [
      "a length that is missing",
      { PROMPTS: '{"kind":"fixed","input_tokens":64}' },
      /output_tokens: it is missing/,
    ],
    [
      "lengths beyond the context",
      { PROMPTS: JSON.stringify({ ...FIXED, input_tokens: 4000 }), CONTEXT: "4096" },
      /CONTEXT: it is 4096, "fixed 4000\/128" needs 4528/,
    ],
    ["a seed that is no whole number", { SEED: "1.5" }, /SEED: /],
  ] as const
) {
  Deno.test(`the agent refuses ${what} before it sends anything`, () => {
    throws(() => readConfig({ MODEL: "m", ...env }, new Date()), words);
  });
}

Deno.test("without a seed each run draws another; the most that is asked for is the longest of all answers", () => {
  const read = (env: Record<string, string>) =>
    readConfig({ MODEL: "m", CONTEXT: "8192", ...env }, new Date());
  notEqual(read({}).seed, read({}).seed);
  equal(read({ SEED: "12" }).seed, 12);
  equal(read({ MAX_TOKENS: "9" }).max_tokens, 9);
  equal(read({ MAX_TOKENS: "9", PROMPTS: JSON.stringify(FIXED) }).max_tokens, 128);
  equal(read({ PROMPTS: JSON.stringify(mix("rag")) }).max_tokens, 512);
});
