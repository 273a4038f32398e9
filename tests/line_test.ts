// Calls of an account begin one after another, paced, and none waits longer than it must.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Line } from "../pipeline/providers/line.ts";
import { JumpingClock } from "./hollow.ts";

Deno.test("calls begin in the order in which they came, with the pause between two", async () => {
  const clock = new JumpingClock();
  const line = new Line(5, clock);
  const begun: [string, number][] = [];
  const origin = clock.now();
  const call = async (name: string) => {
    await line.turn(false);
    begun.push([name, clock.now() - origin]);
  };
  await Promise.all(["a", "b", "c"].map(call));
  deepEqual(begun.map(([name]) => name), ["a", "b", "c"]);
  const [first = 0, second = 0, third = 0] = begun.map(([, at]) => at);
  ok(second - first >= 5000 && third - second >= 5000, JSON.stringify(begun));
});

Deno.test("what goes first passes all that wait, but not what has begun", async () => {
  const line = new Line(1, new JumpingClock());
  const begun: string[] = [];
  const call = async (name: string, first: boolean) => {
    await line.turn(first);
    begun.push(name);
  };
  await Promise.all([call("a", false), call("b", false), call("c", false), call("urgent", true)]);
  deepEqual(begun, ["a", "urgent", "b", "c"]);
});

Deno.test("a call that is stopped while it waits gives its turn to the next", async () => {
  const clock = new JumpingClock();
  const line = new Line(60, clock);
  await line.turn(false);
  const stopped = AbortSignal.abort(new Error("stopped"));
  const [first, second] = [line.turn(false, stopped), line.turn(false)];
  await rejects(first, /stopped/);
  await second;
  equal(await line.turn(false), undefined);
});

Deno.test("a pause is counted from when the call really began", async () => {
  const clock = new JumpingClock();
  const line = new Line(10, clock);
  await line.turn(false, undefined, () => clock.sleep(30));
  const began = clock.now();
  await line.turn(false);
  ok(clock.now() - began >= 10_000);
});
