// Leases side by side: so many at a time, never two that need the same machines, and an error loses nobody's work.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { schedule } from "../pipeline/run/schedule.ts";
import { generator, settled } from "./rented_fixtures.ts";

interface Item {
  readonly name: string;
  readonly resource: string;
}

/** Items by name; the part before the dot is what they need. */
const items = (...names: string[]): Item[] =>
  names.map((name) => ({ name, resource: name.split(".")[0] ?? "" }));

/** A schedule whose work ends when it is told to. */
function scheduled(list: readonly Item[], parallel: number) {
  const working = new Map<string, { end: () => void; fail: (error: unknown) => void }>();
  const begun: string[] = [];
  const state = { isOver: false };
  const over = schedule(list, parallel, ({ resource }) => resource, ({ name }) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    begun.push(name);
    working.set(name, { end: resolve, fail: reject });
    return promise;
  }).finally(() => state.isOver = true);
  over.catch(() => undefined);
  const stop = async (
    name: string,
    how: (work: { end: () => void; fail: (error: unknown) => void }) => void,
  ) => {
    const work = working.get(name);
    ok(work !== undefined, `${name} does not work`);
    working.delete(name);
    how(work);
    await settled();
  };
  return {
    begun,
    state,
    over,
    working: () => [...working.keys()],
    end: (name: string) => stop(name, (work) => work.end()),
    fail: (name: string, error: unknown) => stop(name, (work) => work.fail(error)),
  };
}

Deno.test("as many work at a time as there are places, the next begins when one ends, in their order", async () => {
  const run = scheduled(items("a.1", "b.1", "c.1", "d.1"), 2);
  await settled();
  deepEqual(run.working(), ["a.1", "b.1"]);
  await run.end("b.1");
  deepEqual(run.working(), ["a.1", "c.1"]);
  await run.end("a.1");
  await run.end("c.1");
  await run.end("d.1");
  await run.over;
  deepEqual(run.begun, ["a.1", "b.1", "c.1", "d.1"]);
});

Deno.test("two that need the same never work at once; who needs something else overtakes them", async () => {
  const run = scheduled(items("a.1", "a.2", "a.3", "b.1"), 3);
  await settled();
  deepEqual(run.working(), ["a.1", "b.1"]);
  await run.end("b.1");
  deepEqual(run.working(), ["a.1"]);
  await run.end("a.1");
  deepEqual(run.working(), ["a.2"]);
  await run.end("a.2");
  await run.end("a.3");
  await run.over;
});

Deno.test("after an error nothing new begins, what works is waited for, and the first error is thrown", async () => {
  const run = scheduled(items("a", "b", "c", "d"), 3);
  await settled();
  await run.fail("b", new Error("first"));
  await run.fail("a", new Error("second"));
  deepEqual([run.working(), run.state.isOver], [["c"], false]);
  await run.end("c");
  equal(run.state.isOver, true);
  await rejects(run.over, /first/);
  deepEqual(run.begun, ["a", "b", "c"]);
});

Deno.test("an error that is no Error, even nothing at all, is not swallowed", async () => {
  await rejects(schedule(items("a"), 1, ({ name }) => name, () => Promise.reject(undefined)));
});

Deno.test("nothing to do is done at once", async () => {
  await schedule([], 4, () => "", () => Promise.reject(new Error("never")));
});

Deno.test("for any needs, places and endings: never too many, never two of one need, no place idle in vain, each once", async () => {
  const random = generator(31);
  for (let round = 0; round < 200; round++) {
    const names = Array.from({ length: random(12) }, (_, n) => `${"abcd"[random(4)]}.${n}`);
    const parallel = 1 + random(4);
    const run = scheduled(items(...names), parallel);
    await settled();
    while (!run.state.isOver) {
      const working = run.working();
      const needs = new Set(working.map((name) => name[0]));
      ok(working.length <= parallel && needs.size === working.length, `round ${round}: ${working}`);
      const isIdle = working.length < parallel &&
        names.some((name) => !run.begun.includes(name) && !needs.has(name[0]));
      ok(!isIdle, `round ${round}: somebody could work`);
      await run.end(working[random(working.length)] ?? "");
    }
    deepEqual(run.begun.toSorted(), names.toSorted());
    await run.over;
  }
});
