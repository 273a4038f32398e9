// One look at an account for all who wait.
import { deepEqual, equal, rejects } from "node:assert/strict";
import { Lookout } from "../pipeline/fleet/lookout.ts";
import type { Provider, Sighting } from "../pipeline/providers/provider.ts";

/** A provider with these machines, whose answers come when they are let go; it remembers what it was asked. */
function slowProvider(states: Record<string, Sighting["state"]>, isBroken = false) {
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const answer = async <T>(what: string, value: T): Promise<T> => {
    asked.push(what);
    await new Promise<void>((resolve) => held.push(resolve));
    if (isBroken) throw new Error("no answer");
    return value;
  };
  const sighting = (id: string): Sighting | null =>
    states[id] === undefined
      ? null
      : { id, label: id, state: states[id], words: "", addresses: [], price_per_hour: null };
  const listed = () => Object.keys(states).map(sighting).filter((each) => each !== null);
  const provider = {
    list: () => answer("list", listed()),
    get: (id: string) => answer(`get ${id}`, sighting(id)),
  } as unknown as Provider;
  /** Lets everything go that is asked until nothing more comes. */
  const letGo = async () => {
    for (let quiet = 0; quiet < 20; quiet++) {
      if (held.length > 0) quiet = 0;
      held.splice(0).forEach((go) => go());
      await Promise.resolve();
    }
  };
  return { provider, asked, letGo };
}

Deno.test("a single machine is asked for by itself", async () => {
  const { provider, asked, letGo } = slowProvider({ a: "starting" });
  const seen = new Lookout(provider).see("a");
  await letGo();
  equal((await seen)?.state, "starting");
  deepEqual(asked, ["get a"]);
});

Deno.test("machines that are waited for at the same time share one list, and only what no longer starts is asked for itself", async () => {
  const { provider, asked, letGo } = slowProvider({
    a: "starting",
    b: "starting",
    c: "starting",
    d: "running",
  });
  const lookout = new Lookout(provider);
  const all = ["a", "b", "c", "d", "e"].map((id) => lookout.see(id));
  await letGo();
  deepEqual((await Promise.all(all)).map((each) => each?.state ?? null), [
    "starting",
    "starting",
    "starting",
    "running",
    null,
  ]);
  deepEqual(asked, ["get a", "list", "get d", "get e"]);
});

Deno.test("a list is never older than the question, and those who ask while one is on its way share the next", async () => {
  const { provider, asked, letGo } = slowProvider({ a: "running" });
  const lookout = new Lookout(provider);
  const first = lookout.list();
  await Promise.resolve();
  const [second, third] = [lookout.list(), lookout.list()];
  equal(second, third);
  deepEqual(asked, ["list"]);
  await letGo();
  await Promise.all([first, second]);
  deepEqual(asked, ["list", "list"]);
});

Deno.test("an answer that fails is told to all who wait, and the next question is asked anew", async () => {
  const { provider, asked, letGo } = slowProvider({ a: "starting" }, true);
  const lookout = new Lookout(provider);
  for (let round = 0; round < 2; round++) {
    const all = ["a", "b", "c"].map((id) => rejects(lookout.see(id), /no answer/));
    await letGo();
    await Promise.all(all);
  }
  deepEqual(asked, ["get a", "list", "get a", "list"]);
});
