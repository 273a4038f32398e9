// Whether an agent that measures gets anywhere, seen from outside by what it shows of itself.
import { doesNotThrow, throws } from "node:assert/strict";
import type { Tally } from "../pipeline/schema/tally.ts";
import { SignsOfLife } from "../pipeline/stages/benchmark.ts";
import { StoppedClock } from "./rented_fixtures.ts";

const tally: Tally = {
  arrival: "poisson",
  level: 0.01,
  phase: "measure",
  step: 1,
  steps: 2,
  elapsed_seconds: 1,
  planned_seconds: 900,
  requests: 3,
  tokens: 30,
  errors: 0,
  frames: 30,
  in_flight: 1,
  tokens_per_second: 1,
};

/** Shows `tallies`, a minute apart, and checks after each. */
async function show(...tallies: Partial<Tally>[]): Promise<void> {
  const clock = new StoppedClock();
  const alive = new SignsOfLife(clock, { model: "m" });
  for (const changes of tallies) {
    alive.see({ ...tally, ...changes });
    alive.check();
    await clock.pass(60);
  }
  alive.check();
}

async function outcome(...tallies: Partial<Tally>[]): Promise<() => void> {
  const error = await show(...tallies).then(() => null, (error) => error);
  return () => {
    if (error !== null) throw error;
  };
}

Deno.test("a request under way that brings no token for two minutes is no inference", async () => {
  throws(await outcome({}, {}, {}), /no new token for 120 s/);
  doesNotThrow(await outcome({}, {}, { frames: 31 }));
});

Deno.test("a low rate may leave nothing under way for as long as it likes", async () => {
  doesNotThrow(await outcome(...Array(9).fill({ in_flight: 0 })));
  throws(await outcome({ in_flight: 0 }, {}, {}, {}), /no new token/);
});

Deno.test("each step of a ladder has its two minutes", async () => {
  doesNotThrow(await outcome({}, {}, { step: 2 }, { step: 2 }));
});
