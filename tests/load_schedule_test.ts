// When and in which order load is put on an engine: random numbers, arrival times, the ladder, the order of levels.
import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { type Course, nextStep, type Outcome } from "../pipeline/agent/load/course.ts";
import { nextLevel, type Rung } from "../pipeline/agent/load/ladder.ts";
import { Random, shuffled } from "../pipeline/agent/load/random.ts";
import { scheduleOf } from "../pipeline/agent/load/schedule.ts";
import { Load, type OpenLoad } from "../pipeline/schema/load.ts";

const SEED = 20261125;

Deno.test("the random numbers are those of PCG32's published demonstration, seed 42 and sequence 54", () => {
  const random = new Random(42, 54);
  deepEqual(
    Array.from({ length: 6 }, () => random.bits()),
    [0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e],
  );
});

Deno.test("random numbers lie strictly between 0 and 1, a third of them in each third", () => {
  const random = new Random(SEED, 1);
  const drawn = Array.from({ length: 30_000 }, () => random.uniform());
  ok(drawn.every((value) => value > 0 && value < 1));
  for (const third of [0, 1, 2]) {
    const share = drawn.filter((value) => Math.floor(value * 3) === third).length / drawn.length;
    ok(Math.abs(share - 1 / 3) < 0.01, String(share));
  }
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

for (const shape of [0.3, 1, 4]) {
  Deno.test(`gamma numbers of shape ${shape} have that mean and that variance`, () => {
    const random = new Random(SEED, 2);
    const drawn = Array.from({ length: 50_000 }, () => random.gamma(shape));
    ok(drawn.every((value) => value > 0));
    ok(Math.abs(mean(drawn) / shape - 1) < 0.03, String(mean(drawn)));
    ok(Math.abs(variance(drawn) / shape - 1) < 0.06, String(variance(drawn)));
  });
}

const OPEN: readonly OpenLoad[] = [
  { kind: "constant", rates: [20], most_in_flight: 64 },
  { kind: "poisson", rates: [20], most_in_flight: 64 },
  { kind: "gamma", rates: [20], burstiness: 0.25, most_in_flight: 64 },
  { kind: "gamma", rates: [20], burstiness: 5, most_in_flight: 64 },
  { kind: "ramp", from: 5, to: 20, most_in_flight: 64 },
  { kind: "ramp", from: 35, to: 5, most_in_flight: 64 },
];
const [CONSTANT, POISSON, BURSTY, EVEN, RAMP] = OPEN as [OpenLoad, OpenLoad, OpenLoad, OpenLoad, OpenLoad];
const span = { settle_seconds: 2, seconds: 1000 };

for (const load of OPEN) {
  const name = JSON.stringify(load);
  Deno.test(`the same seed gives the same arrivals, in order and inside their time: ${name}`, () => {
    const due = scheduleOf(load, 20, span, SEED);
    deepEqual(due, scheduleOf(load, 20, span, SEED));
    deepEqual(due, due.toSorted((a, b) => a - b));
    ok(due.every((time) => time >= -2000 && time < 1_000_000));
    if (load.kind !== "constant") notDeepEqual(due, scheduleOf(load, 20, span, SEED + 1));
  });
}

function gaps(load: OpenLoad): number[] {
  const due = scheduleOf(load, 20, span, SEED);
  return due.slice(1).map((time, index) => (time - (due[index] ?? 0)) / 1000);
}

for (
  const [what, load, cv] of [["Poisson", POISSON, 1], ["bursts", BURSTY, 2], [
    "even",
    EVEN,
    5 ** -0.5,
  ]] as const
) {
  Deno.test(`arrivals of ${what} keep the mean rate, and their intervals vary as they should`, () => {
    const found = gaps(load);
    ok(Math.abs(mean(found) * 20 - 1) < 0.03, String(mean(found)));
    ok(Math.abs(Math.sqrt(variance(found)) / mean(found) / cv - 1) < 0.05);
  });
}

Deno.test("constant arrivals are exact, one of them at the window's very start", () => {
  const due = scheduleOf(CONSTANT, 8, { settle_seconds: 0.5, seconds: 1 }, SEED);
  deepEqual(due, [-500, -375, -250, -125, 0, 125, 250, 375, 500, 625, 750, 875]);
});

Deno.test("a ramp from zero brings as many as the middle of its rates, a quarter of them in its first half", () => {
  const due = scheduleOf({ kind: "ramp", from: 0, to: 40, most_in_flight: 64 }, 40, span, SEED);
  ok(Math.abs(due.length / 20_000 - 1) < 0.03, String(due.length));
  ok(Math.abs(due.filter((time) => time < 500_000).length / 5000 - 1) < 0.05);
  ok(due.every((time) => time >= 0));
  const before = scheduleOf(RAMP, 20, { settle_seconds: 400, seconds: 10 }, SEED).filter((time) => time < 0);
  ok(Math.abs(before.length / 2000 - 1) < 0.08, String(before.length));
});

/** What a server brings that serves `slots` at once, each at 10 tokens/s. */
function ladder(most: number, slots: number, slowAbove = Infinity): number[] {
  const history: Rung[] = [];
  for (let level = nextLevel(history, most); level !== null; level = nextLevel(history, most)) {
    history.push({ level, tokens_per_second: 10 * Math.min(level, slots), meets_slo: level <= slowAbove });
  }
  return history.map(({ level }) => level);
}

Deno.test("a ladder doubles until two doublings bring nothing, then finds where it first brought nothing more", () => {
  deepEqual(ladder(1024, 12), [1, 2, 4, 8, 16, 32, 64, 11, 13, 12]);
  deepEqual(ladder(1024, 1), [1, 2, 4]);
  deepEqual(ladder(1024, 2), [1, 2, 4, 8]);
});

Deno.test("a ladder ends at its highest level when every doubling brings more", () => {
  deepEqual(ladder(100, 1000), [1, 2, 4, 8, 16, 32, 64, 100]);
  deepEqual(ladder(3, 1000), [1, 2, 3]);
});

Deno.test("a ladder whose level breaks a limit ends there and finds the highest that keeps it, to about a tenth", () => {
  deepEqual(ladder(1024, 1000, 10), [1, 2, 4, 8, 16, 11, 9, 10]);
  deepEqual(ladder(1024, 1000, 200), [1, 2, 4, 8, 16, 32, 64, 128, 256, 181, 215, 197]);
  deepEqual(ladder(1024, 1000, 0), [1]);
});

Deno.test("a ladder of noisy levels ends, and measures none twice", () => {
  for (let round = 0; round < 200; round++) {
    const random = new Random(round, 0);
    const history: Rung[] = [];
    for (let level = nextLevel(history, 512); level !== null; level = nextLevel(history, 512)) {
      history.push({ level, tokens_per_second: random.uniform() * 100, meets_slo: random.below(4) > 0 });
    }
    equal(new Set(history.map(({ level }) => level)).size, history.length);
    ok(history.length < 24);
  }
});

function run(changes: Partial<Course>): string[] {
  const course = {
    concurrency: [1, 2, 4, 8],
    load: undefined,
    order: "given",
    repeat_first: true,
    seed: 7,
  } as const;
  const history: Outcome[] = [];
  const said: string[] = [];
  for (;;) {
    const step = nextStep({ ...course, ...changes }, history);
    if (step === null) return said;
    said.push(`${step.phase} ${step.arrival} ${step.level}, ${step.step} of ${step.steps}`);
    history.push({ ...step, tokens_per_second: Math.min(step.level, 4), meets_slo: true });
  }
}

Deno.test("levels are measured in the order given, and the first once more at the end", () => {
  deepEqual(run({ concurrency: [4, 1] }), [
    "measure closed 4, 1 of 3",
    "measure closed 1, 2 of 3",
    "repeat closed 4, 3 of 3",
  ]);
  deepEqual(run({ concurrency: [4, 1], repeat_first: false }).length, 2);
  deepEqual(run({ concurrency: [4] }), ["measure closed 4, 1 of 1"]);
});

Deno.test("a random order is the seed's: every level once, the same each time, another for another seed", () => {
  const one = run({ order: "random" });
  deepEqual(one, run({ order: "random" }));
  equal(new Set(one.slice(0, 4)).size, 4);
  const orders = Array.from({ length: 20 }, (_, seed) => shuffled([1, 2, 4, 8], seed).join());
  ok(new Set(orders).size > 8);
});

Deno.test("rates are levels of their own arrival, a ramp is one level, and a ladder repeats its first", () => {
  const rates = Load.parse({ kind: "poisson", rates: [2, 4] });
  deepEqual(run({ concurrency: undefined, load: rates }).map((step) => step.split(",")[0]), [
    "measure poisson 2",
    "measure poisson 4",
    "repeat poisson 2",
  ]);
  deepEqual(run({ concurrency: undefined, load: Load.parse({ kind: "ramp", from: 1, to: 9 }) }), [
    "measure ramp 9, 1 of 1",
  ]);
  const climbed = run({ concurrency: undefined, load: Load.parse({ kind: "ladder", most: 64 }) });
  deepEqual(climbed.slice(0, 2), ["measure closed 1, 1 of null", "measure closed 2, 2 of null"]);
  equal(climbed.at(-1), "repeat closed 1, 7 of null");
});
