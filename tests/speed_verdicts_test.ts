// Speeds and counts of tokens that cannot be true are found, and those that only look odd are not blamed.
import { deepEqual } from "node:assert/strict";
import { at, benchmarks, SECONDS, type Spoilt } from "./spoilt.ts";

/** No model or GPU of the catalogue, and no counter of the engine: nothing else can contradict the speed. */
const UNKNOWN: Spoilt = {
  model: { name: "mystery", size: null },
  server: () => ({ generation_tokens: null }),
};
const end = (n: number) => (n + 1) * SECONDS;

/** The last `decode_tok` tokens of an answer come within `seconds`, in so many heaps. */
const atOnce = (n: number, seconds: number, reads: number, decode_tok = 128): object => ({
  tps: decode_tok / seconds,
  reads,
  decode_tok,
  first_text_ns: at(end(n) - seconds),
});

/** What is told, and the units of the verdicts that follow. */
const CASES: Readonly<Record<string, Spoilt & { readonly found: readonly string[] }>> = {
  "drafts that were rejected are no tokens of the decoding speed": {
    line: (n) => ({ tok: 256, decode_tok: 39, frames: 40, tps: 100, first_text_ns: at(end(n) - 0.39) }),
    found: [],
  },
  "ten times the tokens that were asked for are no tokens": {
    line: () => ({ tok: 2560, tps: 2559, asked_tok: 256 }),
    found: ["tokens told for every 100 that were asked for"],
  },
  "a token more than was asked for in each answer is how an engine counts": {
    line: () => ({ tok: 65, frames: 65, tps: 64, asked_tok: 64 }),
    found: [],
  },
  "so it is where all requests were asked for as many": {
    line: () => ({ tok: 65, frames: 65, tps: 64 }),
    test_config: { max_tokens: 64 },
    found: [],
  },
  "where nobody tells what was asked for, any number may be true": {
    line: () => ({ tok: 700 }),
    test_config: { max_tokens: null },
    found: [],
  },
  "one answer of twenty that came at once makes no level fast": {
    line: (n) => n === 7 ? atOnce(n, 0.0004, 40) : {},
    found: ["% of the decoding speed of all answers together that the mean of their speeds is"],
  },
  "answers that were all held back and came in two heaps have no speed": {
    line: (n) => atOnce(n, 0.0004, 2),
    found: ["% of the tokens in answers that were held back and then came at once"],
  },
  "an engine that decodes eight tokens at a time after a long prompt is as fast as that": {
    line: (n) => atOnce(n, 0.1, 32, 248),
    found: [],
  },
  "an engine that sends large heaps at an even pace is as fast as that": {
    line: (n) => atOnce(n, 1, 12, 235),
    found: [],
  },
  "answers of which one in twenty is twice as fast are true": {
    line: (n) => n === 7 ? { first_text_ns: at(end(n) - 0.5) } : {},
    found: [],
  },
};

Deno.test("speeds and counts that contradict the times are fatal, and others are not", async (test) => {
  const found = await benchmarks(
    Object.fromEntries(Object.entries(CASES).map(([what, spoilt]) => [what, { ...UNKNOWN, ...spoilt }])),
  );
  for (const [what, { found: expected }] of Object.entries(CASES)) {
    await test.step(what, () => {
      const fatal = found.get(what)?.verdicts.filter(({ severity }) => severity === "fatal");
      deepEqual(fatal?.map(({ unit }) => unit), expected);
    });
  }
});
