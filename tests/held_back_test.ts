// An answer that something on the way held back has no speed, however it is let go; one that an engine decoded fast keeps its own.
import { deepEqual, equal, ok } from "node:assert/strict";
import { Random } from "../pipeline/agent/load/random.ts";
import { delta, DONE, lineOfHeard, said, usage } from "./exchange_fixtures.ts";

type Part = readonly [at: number, bytes: string];

/** The answer whose frames of `text` come at these times, in this order. */
function answer(times: readonly number[], text = "word ", tok = times.length): Part[] {
  const last = times.at(-1) ?? 0;
  return [
    [0, delta({ role: "assistant", content: "" })],
    ...times.map((at): Part => [at, said(text)]),
    [last, delta({}, "length") + usage(tok) + DONE],
  ];
}

/** `count` times from `from`, a gap apart. */
const evenly = (from: number, count: number, gap: number) =>
  Array.from({ length: count }, (_, n) => from + gap * n);
/** `count` frames that come `together` at a time. */
const heaped = (from: number, count: number, gap: number, together: number) =>
  evenly(from, count, 1).map((_, n) => from + gap * Math.floor(n / together));

const HELD_BACK: Readonly<Record<string, readonly number[]>> = {
  "in one heap": heaped(900, 40, 1, 40),
  "in two heaps that lie close together": heaped(900, 40, 0.4, 20),
  "in three heaps at once": heaped(900, 40, 0.1, 14),
  "in heaps of a flush each": heaped(500, 256, 1.3, 34),
  "in heaps a round trip apart": heaped(900, 256, 80, 90),
  "in heaps as far apart as they are large": heaped(590, 40, 100, 10),
  "frame by frame, faster than engines write": evenly(1000, 256, 0.05),
  "frame by frame after a long time": evenly(10_000, 256, 0.3),
  "a few frames at a time": heaped(1000, 40, 0.3, 5),
  "in one heap and a few frames behind it": [...heaped(900, 250, 1, 250), ...evenly(901, 6, 0.6)],
};
for (const [how, times] of Object.entries(HELD_BACK)) {
  Deno.test(`an answer that was held back and let go ${how} has no speed`, () => {
    const { err, tps, decode_tok } = lineOfHeard("openai", answer(times));
    deepEqual([err, tps, decode_tok], [false, null, 0]);
  });
}

Deno.test("a held back answer that was framed anew has no speed either", () => {
  equal(lineOfHeard("openai", answer(evenly(900, 2, 1), "a b c d ".repeat(8), 64)).tps, null);
  equal(lineOfHeard("openai", answer(evenly(3000, 4, 2), "a b c d ".repeat(8), 128)).tps, null);
});

/** `times` with each later by up to `most`, in the same order. */
function late(times: readonly number[], most: number): number[] {
  const random = new Random(1, 1);
  let before = 0;
  return times.map((at) => before = Math.max(before, at + most * random.uniform()));
}

/** Name → the answer and its speed. */
const FAST: Readonly<Record<string, readonly [parts: readonly Part[], tps: number]>> = {
  "a small model at 500 tokens/s": [answer(evenly(20, 256, 2)), 500],
  "a small model at 1000 tokens/s, its frames unevenly late": [answer(late(evenly(20, 512, 1), 1.5)), 1000],
  "a small model after a long prompt": [answer(evenly(20_000, 100, 2)), 500],
  "a chip that decodes 2500 tokens/s": [answer(evenly(200, 512, 0.4)), 2500],
  "drafts of which four tokens come at once": [
    answer(evenly(300, 64, 10), "a b c d ", 256),
    400,
  ],
  "an engine that sends every tenth token with those before it": [
    answer(evenly(300, 26, 50), "one two ".repeat(5), 260),
    200,
  ],
  "a stream of which a few reads came late": [
    answer(evenly(300, 256, 5).map((at, n) => n % 64 < 12 ? 300 + 5 * (n - n % 64 + 12) : at)),
    200,
  ],
  "a stream read in twos and threes under much load": [answer(heaped(8000, 256, 50, 3)), 60],
};
for (const [what, [parts, expected]] of Object.entries(FAST)) {
  Deno.test(`${what}: the speed is kept`, () => {
    const { tps } = lineOfHeard("openai", parts);
    ok(Math.abs((tps ?? 0) / expected - 1) <= 0.03, `${tps} tokens/s`);
  });
}
