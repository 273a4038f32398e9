// An engine that stands still is told, wherever in an answer that is; one that has much to do at once is not blamed.
import { deepEqual } from "node:assert/strict";
import { at, benchmarks, open, openLoop, type Spoilt, START } from "./spoilt.ts";

const LEVEL = 4;
/** Of each place one request after another, all begun at once: the engine reads the first prompts one by one, a second each. */
function burst(n: number, { wait = 0, ending = 0, more = {} }: Late = {}): object {
  const [place, round] = [n % LEVEL, Math.floor(n / LEVEL)];
  const sent = round === 0 ? 0 : place + round * 1.2;
  const first = sent + 0.2 + (round === 0 ? place : 0) + wait;
  const end = first + 1 + ending;
  return {
    t: START + sent,
    dur: end - sent,
    level: LEVEL,
    scheduled_ns: at(sent),
    sent_ns: at(sent),
    first_text_ns: at(first),
    last_text_ns: at(first + 1),
    end_ns: at(end),
    ...more,
  };
}
interface Late {
  /** Seconds more until its first text. */
  readonly wait?: number;
  /** Seconds from its last text to its end. */
  readonly ending?: number;
  readonly more?: object;
}

/** A closed loop in which request 30 is late, or every one. */
const closed = (late: Late, every = false): Spoilt => ({
  requests: 60,
  window: { level: LEVEL },
  server: () => ({ level: LEVEL, generation_tokens: null }),
  line: (n) => burst(n, every || n === 30 ? late : {}),
});
const WAIT = "s from a request to its first text";
const ENDING = "s from the last piece of an answer to its end";

/** What happens, and the units of the verdicts `stalled` that follow. */
const CASES: Readonly<Record<string, Spoilt & { readonly found: readonly string[] }>> = {
  "requests that begin at once wait for the prompts of all": { ...closed({}), found: [] },
  "one that begins later waits three seconds": { ...closed({ wait: 3 }), found: [WAIT] },
  "where the load had settled before, the first requests of the window begin one by one": {
    ...closed({}),
    line: (n) =>
      n < LEVEL ? burst(n, { more: { phase: "settle" } }) : burst(n, { wait: n === LEVEL ? 3 : 0 }),
    found: [WAIT],
  },
  "an answer ends ten seconds after its last text": { ...closed({ ending: 10 }), found: [ENDING] },
  "all answers end a second after their last text, as those with a check of what they say": {
    ...closed({ ending: 1.2 }, true),
    found: [],
  },
  "tokens that nobody sees come until the end": {
    ...closed({ ending: 10, more: { last_token_ns: at(21.5) } }),
    found: [],
  },
  "an answer of an open loop ends ten seconds after its last text": {
    ...openLoop(),
    line: (n) => ({ ...open(n), ...(n === 60 ? { end_ns: at(n * 0.2 + 11.2), dur: 11.2 } : {}) }),
    found: [ENDING],
  },
};

Deno.test("an engine that stands still is told, and one that reads many prompts at once does not", async (test) => {
  const found = await benchmarks(CASES);
  for (const [what, { found: expected }] of Object.entries(CASES)) {
    await test.step(what, () => {
      const stalls = found.get(what)?.verdicts.filter(({ code }) => code === "stalled");
      deepEqual(stalls?.map(({ unit }) => unit), expected);
    });
  }
});
