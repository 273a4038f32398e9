// A request that stands twice in a file counts once, however its second line is written; what may be another request counts.
import { deepEqual, equal } from "node:assert/strict";
import { RepeatedRequests, type Sent } from "../pipeline/lib/repeated.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import { jsonl } from "./fixtures.ts";
import { goodFiles, importing, olderLines } from "./imported.ts";

const ONE: Sent = { told_level: 1, isOpen: false };
const MANY: Sent = { told_level: 8, isOpen: false };

/** For each line the one that it repeats. */
function repeats(sent: Sent, lines: readonly object[]): (number | null)[] {
  const repeated = new RepeatedRequests(sent);
  return lines.map((line, index) => repeated.lineOf(RequestLine.parse(line), index + 1));
}

const line = (fields: object) => ({ t: 1767323047.7, n: 1, tok: 256, dur: 2.7, err: false, ...fields });

const SAME: Readonly<Record<string, object>> = {
  "as it is": {},
  "a failure that is zero": { err: 0 },
  "no word of a failure": { err: undefined },
  "a word for no failure": { err: "None" },
  "the phase that lines have by default": { phase: "measure" },
  "the level that lines have by default": { level: 1 },
  "no rate": { tps: 0 },
  "another number": { n: 21 },
  "all of these": { n: 21, err: "false", phase: "measure", level: 1, tps: null },
};

for (const [what, fields] of Object.entries(SAME)) {
  Deno.test(`a line repeats another with ${what}`, () => {
    deepEqual(repeats(ONE, [line({ tps: 100 }), line({ tps: 100, ...fields })]), [null, 1]);
  });
}

Deno.test("a whole file that stands twice with other numbers counts once, also of many requests at once", () => {
  const first = Array.from({ length: 20 }, (_, n) => line({ n, t: 1767323040 + Math.floor(n / 4), dur: 2 }));
  const again = first.map((each, index) => ({ ...each, n: 100 + index }));
  equal(repeats(MANY, [...first, ...again]).filter((each) => each === null).length, 20);
});

Deno.test("each of 5,000 requests is known again, also without a sign of its zeros", () => {
  const first = Array.from({ length: 5000 }, (_, n) => line({ n, t: 1767323040 + n, sent_ns: 0 }));
  const again = first.map((each) => ({ ...each, sent_ns: -0 }));
  const found = repeats(MANY, [...first, ...again]);
  deepEqual(found, [...first.map(() => null), ...first.map((_, index) => index + 1)]);
});

const OTHER: Readonly<Record<string, readonly [Sent, object, object]>> = {
  "at once with it, ended in the same tenth of a second": [MANY, {}, { n: 2 }],
  "at once with it, ended in the same second": [MANY, { t: 1767323047 }, { t: 1767323047, n: 2 }],
  "at once with it, at the same nanoseconds": [MANY, { sent_ns: 3, end_ns: 7 }, {
    sent_ns: 3,
    end_ns: 7,
    n: 2,
  }],
  "in an open loop": [{ told_level: 1, isOpen: true }, {}, { n: 2 }],
  "of the same second, in which several fit": [
    ONE,
    { t: 1767323047, dur: 0.3 },
    { t: 1767323047, dur: 0.3, n: 2 },
  ],
  "that failed in the same second": [
    ONE,
    { t: 1767323047, dur: undefined, err: true },
    { t: 1767323047, dur: undefined, err: true, n: 2 },
  ],
  "that failed": [ONE, {}, { err: true }],
  "of another rate": [ONE, { tps: 100 }, { tps: 99 }],
  "of another time": [ONE, {}, { t: 1767323047.8 }],
  "of other tokens": [ONE, {}, { tok: 255 }],
  "of another level": [ONE, {}, { level: 2 }],
  "of the warm-up": [ONE, {}, { phase: "warmup" }],
  "sent a nanosecond later": [MANY, { sent_ns: 3, end_ns: 7 }, { sent_ns: 4, end_ns: 7, n: 2 }],
};

for (const [what, [sent, first, second]] of Object.entries(OTHER)) {
  Deno.test(`a request ${what} is another`, () => {
    deepEqual(repeats(sent, [line(first), line(second)]), [null, null]);
  });
}

Deno.test("in a file that is in no order of time, nothing is told from its order", () => {
  const lines = [47, 40, 47, 47].map((t, n) => line({ t: 1767323000 + t, n, dur: 2 }));
  deepEqual(repeats(MANY, lines), [null, null, null, null]);
});

Deno.test("requests that were written down twice are told, and throughput is that of once", async () => {
  await using root = await importing();
  const again = olderLines().map((each) => ({ ...each, n: Number(each.n) + 20, err: 0, phase: "measure" }));
  const { imported } = await root.take(goodFiles({ "results.jsonl": jsonl([...olderLines(), ...again]) }));
  deepEqual(imported.map(({ requests, rejected }) => [requests, rejected]), [[20, 20]]);
  const [benchmark] = await root.build();
  equal(benchmark?.results.total_requests, 20);
});
