// What pages say of a 99th percentile over few requests.
import { equal, match } from "node:assert/strict";
import { BOUNDING, fewText, succeededOf } from "../pipeline/schema/few_requests.ts";

/** Linear between neighbours, as the almanac's SQL has it. */
function p99(values: readonly number[]): number {
  const at = 0.99 * (values.length - 1);
  const [below = NaN, above = below] = values.slice(Math.floor(at));
  return below + (at - Math.floor(at)) * (above - below);
}

for (const [count, isSaid] of [[2, true], [74, true], [100, true], [101, false], [1000, false]] as const) {
  Deno.test(`of ${count} requests one slow one ${isSaid ? "decides" : "does not decide"} the p99, and the text says ${isSaid ? "so" : "nothing"}`, () => {
    const values = Array.from({ length: count }, (_, index) => index);
    equal(p99(values) > count - 2, isSaid);
    equal(fewText([count]) !== null, isSaid);
  });
}

Deno.test("counts are named once, the smallest first; what is not known and a single request are left out", () => {
  match(fewText([80, 70, null, 80, 1, 5000, 74]) ?? "", /^The p99 of 70, 74 and 80 requests lies /);
  equal(fewText([null, 1, 5000]), null);
});

Deno.test("the fewest requests that bound a 99th percentile are those of which one in twenty times none exceeds it", () => {
  equal(0.99 ** BOUNDING < 0.05 && 0.99 ** (BOUNDING - 1) >= 0.05, true);
});

Deno.test("percentiles are over the requests that succeeded", () => {
  const of = (total_requests: number | null, total_errors: number | null) =>
    succeededOf({ results: { total_requests, total_errors } } as Parameters<typeof succeededOf>[0]);
  equal(of(80, 3), 77);
  equal(of(80, null), 80);
  equal(of(null, null), null);
});
