// Every kind of load, as the agent puts it on a mock server with exactly known times, and what it leaves behind.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { AgentError, type Config, readConfig } from "../pipeline/agent/config.ts";
import { keepInFlight } from "../pipeline/agent/load/closed.ts";
import { Figures, percentile } from "../pipeline/agent/load/figures.ts";
import { Horizon } from "../pipeline/agent/load/horizon.ts";
import { followSchedule } from "../pipeline/agent/load/open.ts";
import { scheduleOf } from "../pipeline/agent/load/schedule.ts";
import { run } from "../pipeline/agent/run.ts";
import { type MockServer, startMock } from "../pipeline/calibrate/mock/process.ts";
import { Load, type OpenLoad } from "../pipeline/schema/load.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { RequestLine } from "../pipeline/schema/request.ts";
import type { Tally } from "../pipeline/schema/tally.ts";
import { readChunkLine } from "../pipeline/schema/evidence.ts";
import { fakeOllama } from "./fakes/ollama.ts";
import { faultAfter } from "./fixtures.ts";

const SEED = 11;

async function measure(
  url: string,
  env: Record<string, string>,
  stop = new AbortController(),
  progress: (tally: Tally) => void = () => undefined,
) {
  const out = await Deno.makeTempDir();
  const settings = { ENGINE: "openai", URL: url, WARMUP: "0", SEED: String(SEED), OUT: out, ...env };
  const tallies: Tally[] = [];
  let failure: unknown = null;
  try {
    const ended = (tally: Tally) => tallies.push(tally);
    await run(readConfig(settings, new Date()), stop.signal, { progress, ended });
  } catch (error) {
    failure = error;
  }
  const read = (name: string) => Deno.readTextFile(join(out, name));
  const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");
  const lines = linesOf(await read("results.jsonl")).map((line) => RequestLine.parse(JSON.parse(line)));
  const chunks = linesOf(await read("chunks.jsonl"));
  const metadata = Metadata.parse(JSON.parse(await read("metadata.json")));
  const log = await read("agent.log");
  await Deno.remove(out, { recursive: true });
  const levels = metadata.summary?.levels ?? [];
  const of = (...phases: unknown[]) => lines.filter(({ phase }) => phases.includes(phase));
  return { lines, of, chunks, metadata, levels, log, failure, tallies };
}

function withMock(name: string, work: (mock: MockServer) => Promise<void>): void {
  Deno.test(name, async () => {
    await using mock = await startMock();
    await work(mock);
  });
}

const ms = (ns: number | null | undefined) => (ns ?? NaN) / 1e6;

withMock(
  "a closed loop settles before its window, and both are told apart by their phase and their times",
  async (mock) => {
    const { of, levels, metadata, chunks, tallies } = await measure(mock.url, {
      MODEL: "mock:ttft=2,gap=2,n=10",
      CONCURRENCY: "4",
      DURATION: "0.2",
      SETTLE: "0.4",
      WARMUP: "1",
    });
    equal(of("warmup").length, 1);
    ok(of("settle").length >= 4);
    ok(of("settle").every(({ scheduled_ns }) => ms(scheduled_ns) >= -400 && ms(scheduled_ns) < 0));
    ok(of("measure").every(({ scheduled_ns }) => ms(scheduled_ns) >= 0 && ms(scheduled_ns) < 200));
    const [level] = levels;
    deepEqual([level?.planned_seconds, level?.load_seconds, level?.settle_seconds], [0.2, 0.2, 0.4]);
    const last = Math.max(...of("measure", "settle").map(({ end_ns }) => ms(end_ns)));
    ok((level?.window_seconds ?? 0) * 1000 >= last);
    deepEqual([metadata.test_config?.settle_seconds, metadata.test_config?.seed], [0.4, SEED]);
    equal(metadata.summary?.total_requests, of("measure").length);
    deepEqual([tallies[0]?.requests, tallies[0]?.in_flight], [of("measure").length, 0]);
    for (const line of chunks) ok("value" in (readChunkLine(line, true) ?? {}), line);
  },
);

withMock("a window goes on until enough requests have ended, and no longer", async (mock) => {
  const env = { MODEL: "mock:ttft=40,n=1", DURATION: "0.4", LEAST_REQUESTS: "15" };
  const { of, levels } = await measure(mock.url, env);
  equal(of("measure").length, 15);
  ok((levels[0]?.load_seconds ?? 0) >= 0.6);
  equal(levels[0]?.planned_seconds, 0.4);
});

withMock("a window that never has enough requests ends after five times its plan", async (mock) => {
  const env = { MODEL: "mock:ttft=2,n=1", DURATION: "0.05", LEAST_REQUESTS: "1000000" };
  const { levels, of } = await measure(mock.url, env);
  equal(levels[0]?.load_seconds, 0.25);
  ok(of("measure").every(({ scheduled_ns }) => ms(scheduled_ns) < 250));
});

const OPEN: readonly [OpenLoad, number][] = [
  [Load.parse({ kind: "constant", rates: [50] }) as OpenLoad, 50],
  [Load.parse({ kind: "poisson", rates: [80] }) as OpenLoad, 80],
  [Load.parse({ kind: "gamma", rates: [80], burstiness: 0.5 }) as OpenLoad, 80],
  [Load.parse({ kind: "ramp", from: 20, to: 120 }) as OpenLoad, 120],
];
for (const [load, level] of OPEN) {
  withMock(`an open loop sends each request at its scheduled time: ${load.kind}`, async (mock) => {
    const { lines, metadata, levels, tallies } = await measure(mock.url, {
      MODEL: "mock:ttft=5,gap=1,n=10",
      LOAD: JSON.stringify(load),
      DURATION: "0.5",
      SETTLE: "0.2",
    });
    const due = scheduleOf(load, level, { settle_seconds: 0.2, seconds: 0.5 }, SEED);
    const sent = lines.toSorted((a, b) => a.n - b.n);
    deepEqual(sent.map(({ scheduled_ns }) => scheduled_ns), due.map((time) => Math.round(time * 1e6)));
    deepEqual(sent.map(({ phase }) => phase), due.map((time) => time < 0 ? "settle" : "measure"));
    ok(sent.every(({ sent_ns, scheduled_ns }) => (sent_ns ?? 0) >= (scheduled_ns ?? 0)));
    deepEqual([levels[0]?.level, levels[0]?.load_seconds], [level, 0.5]);
    deepEqual([metadata.test_config?.load?.kind, metadata.test_config?.concurrency], [load.kind, null]);
    deepEqual([tallies[0]?.arrival, tallies[0]?.level], [load.kind, level]);
  });
}

withMock(
  "a server that falls behind changes nothing about when requests are sent, and its delay counts from then",
  async (mock) => {
    const { of, levels } = await measure(mock.url, {
      MODEL: "mock:ttft=40,n=1,slots=1",
      LOAD: JSON.stringify({ kind: "constant", rates: [50] }),
      DURATION: "0.5",
    });
    const sent = of("measure").toSorted((a, b) => a.n - b.n);
    deepEqual(sent.map(({ scheduled_ns }) => ms(scheduled_ns)), Array.from({ length: 25 }, (_, n) => n * 20));
    sent.forEach(({ scheduled_ns, first_text_ns }, n) =>
      ok(ms(first_text_ns) - ms(scheduled_ns) >= 40 * (n + 1) - 20 * n)
    );
    ok(ms(sent.at(-1)?.sent_ns) < ms(sent.at(-2)?.end_ns));
    equal(levels[0]?.load_seconds, 0.5);
    ok((levels[0]?.window_seconds ?? 0) >= 1);
  },
);

withMock(
  "requests that an overloaded server does not answer in time are errors, and the next rate is measured",
  async (mock) => {
    const { of, failure, levels } = await measure(mock.url, {
      MODEL: "mock:ttft=100,n=1,slots=1",
      LOAD: JSON.stringify({ kind: "constant", rates: [200, 5] }),
      ORDER: "given",
      REPEAT_FIRST: "0",
      DURATION: "0.6",
      TIMEOUT: "0.3",
    });
    equal(failure, null);
    const fast = of("measure").filter(({ level }) => level === 200);
    equal(fast.length, 120);
    ok(fast.filter(({ error_class }) => error_class === "timeout").length > 100);
    equal(of("measure").filter(({ level }) => level === 5).length, 3);
    deepEqual(levels.map(({ level, interrupted }) => [level, interrupted]), [[200, false], [5, false]]);
  },
);

Deno.test("too many requests in flight end an open loop's level with the reason, after those in flight", async () => {
  let released = () => {};
  const held = new Promise<void>((resolve) => released = resolve);
  let sent = 0;
  const send = async () => {
    if (++sent === 3) queueMicrotask(released);
    await held;
    return null;
  };
  const past = Array(10).fill(performance.now() - 1);
  const never = new AbortController().signal;
  const reason = await followSchedule(past, () => true, send, never, { hopeless: 9, most: 3 });
  match(String(reason), /3 requests were in flight: the engine does not keep up/);
  equal(sent, 3);
});

Deno.test("an engine that refuses every request is given up in both loops, one that is merely slow is not", async () => {
  const never = new AbortController().signal;
  const fails = (kind: "http" | "timeout") => () => Promise.resolve({ kind, message: "no" } as const);
  const past = Array(10).fill(performance.now() - 1);
  const follow = (kind: "http" | "timeout") =>
    followSchedule(past, () => true, fails(kind), never, { hopeless: 10 }).catch((error) => error);
  ok(await follow("http") instanceof AgentError);
  equal(await follow("timeout"), null);
  ok(await keepInFlight(1, () => true, fails("http"), never).catch((error) => error) instanceof AgentError);
});

/** Rejects the third send, while others are on their way that end once it has. */
function rejecting(): { send: () => Promise<null>; ended: () => number } {
  const failed = Promise.withResolvers<void>();
  let sent = 0;
  let ended = 0;
  return {
    send: async () => {
      if (++sent === 3) {
        queueMicrotask(failed.resolve);
        throw new AgentError("a thread has died");
      }
      await failed.promise;
      await new Promise((resolve) => setTimeout(resolve, 0));
      ended += 1;
      return null;
    },
    ended: () => ended,
  };
}

Deno.test("a send that rejects ends an open loop with its reason, while the next is not due yet, after those under way", async () => {
  const { send, ended } = rejecting();
  const now = performance.now();
  const due = [now, now, now, now + 3_600_000];
  const never = new AbortController().signal;
  const failure = await followSchedule(due, () => true, send, never, { hopeless: 9 }).catch((error) => error);
  match(String(failure), /a thread has died/);
  equal(ended(), 2);
});

Deno.test("a send that rejects ends a closed loop with its reason, after those under way", async () => {
  const { send, ended } = rejecting();
  let left = 3;
  const failure = await keepInFlight(3, () => left-- > 0, send, new AbortController().signal).catch((error) =>
    error
  );
  match(String(failure), /a thread has died/);
  equal(ended(), 2);
});

Deno.test("a run whose thread has died says so and leaves whole evidence, in both kinds of loop", async () => {
  await using mock = await startMock();
  for (const load of [{ CONCURRENCY: "4" }, { LOAD: JSON.stringify({ kind: "constant", rates: [100] }) }]) {
    const out = await Deno.makeTempDir();
    // Nothing that a thread can be handed: its first order kills it.
    const env = {
      MODEL: "mock:ttft=2,n=2",
      ENGINE: "openai",
      URL: mock.url,
      OUT: out,
      DURATION: "5",
      SHARDS: "2",
      ...load,
    };
    const config = { ...readConfig(env, new Date()), engine: "unheard of" } as unknown as Config;
    const failure = await run(config, new AbortController().signal, {
      progress: () => undefined,
      ended: () => undefined,
    })
      .catch((error) => error);
    match(String(failure), /thread that reads answers has died/);
    match(await Deno.readTextFile(join(out, "agent.log")), /gave up: /);
    equal(Metadata.parse(JSON.parse(await Deno.readTextFile(join(out, "metadata.json")))).completed_at, null);
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("a warm-up shows its tokens while it lasts, so that a long one is not taken for an engine that is stuck", async () => {
  const stop = new AbortController();
  await using ollama = fakeOllama(["m:latest"], { when: () => true, hangAfter: 1 });
  const shown: Tally[] = [];
  const progress = (tally: Tally) => {
    shown.push(tally);
    stop.abort();
  };
  const env = { MODEL: "m", ENGINE: "ollama", WARMUP: "1", TIMEOUT: "20" };
  await measure(ollama.url, env, stop, progress);
  deepEqual(
    shown.slice(0, 1).map((
      { in_flight, elapsed_seconds, requests },
    ) => [in_flight, elapsed_seconds, requests]),
    [[1, 0, 0]],
  );
  ok((shown[0]?.frames ?? 0) > 0);
});

Deno.test("an open loop that is stopped keeps its lines, and says how long its load was on", async () => {
  const stop = new AbortController();
  const { when, begun } = faultAfter(4);
  await using ollama = fakeOllama(["m:latest"], { when, hangAfter: 1 });
  const LOAD = JSON.stringify({ kind: "constant", rates: [50] });
  const stopping = measure(ollama.url, { MODEL: "m", ENGINE: "ollama", LOAD, DURATION: "60" }, stop);
  await begun;
  stop.abort();
  const { lines, metadata, failure, levels } = await stopping;
  equal(failure, null);
  ok(lines.length > 4);
  ok(lines.every(({ err, error_class }) => err === false || error_class === "stopped"));
  equal(lines.at(-1)?.error_class, "stopped");
  equal(metadata.completed_at, null);
  const [level] = levels;
  deepEqual([level?.interrupted, level?.stop_reason], [true, null]);
  ok((level?.load_seconds ?? 60) < 60);
});

withMock(
  "several levels are run in the seed's order and the first once more, apart from the others",
  async (mock) => {
    const env = { MODEL: "mock:ttft=2,gap=1,n=4", CONCURRENCY: "1,2,3", DURATION: "0.05", SETTLE: "0.02" };
    const { metadata, levels, of, lines } = await measure(mock.url, env);
    const order = metadata.test_config?.concurrency ?? [];
    deepEqual(order.toSorted(), [1, 2, 3]);
    deepEqual(levels.map(({ level }) => level), [...order, order[0]]);
    deepEqual(levels.map(({ phase }) => phase), ["measure", "measure", "measure", "repeat"]);
    ok(of("repeat").length > 0 && of("repeat").every(({ level }) => level === order[0]));
    const last = lines.filter(({ t }) => t * 1000 >= Date.parse(levels[3]?.started_at ?? "") - 21);
    ok(last.some(({ phase }) => phase === "warmup") && last.every(({ phase }) => phase !== "settle"));
    equal(metadata.summary?.total_requests, of("measure").length);
    deepEqual((await measure(mock.url, env)).metadata.test_config?.concurrency, order);
  },
);

withMock(
  "a ladder finds how many requests a server takes before the wait for a place breaks the limit",
  async (mock) => {
    const { metadata, levels, tallies, failure } = await measure(mock.url, {
      MODEL: "mock:ttft=5,gap=30,n=11,slots=2",
      LOAD: JSON.stringify({ kind: "ladder", most: 64, ttft_ms: 200 }),
      DURATION: "0.8",
    });
    equal(failure, null);
    deepEqual(metadata.test_config?.concurrency, [1, 2, 4, 3]);
    deepEqual(levels.map(({ level, phase }) => `${phase} ${level}`).at(-1), "repeat 1");
    deepEqual(levels[0]?.settle_seconds, 0.08);
    deepEqual(tallies.map(({ step, steps }) => [step, steps]), [1, 2, 3, 4, 5].map((step) => [step, null]));
  },
);

Deno.test("a level's figures are of its window: tokens that came in it, the 99th percentiles, its share of failures", () => {
  const figures = new Figures();
  const line = (changes: object) => ({
    t: 0,
    n: 0,
    tok: 11,
    phase: "measure" as const,
    err: false,
    scheduled_ns: 0,
    first_text_ns: 0.1e9,
    last_text_ns: 1.1e9,
    ...changes,
  });
  figures.add(line({}));
  figures.add(line({ scheduled_ns: 0.5e9, first_text_ns: 0.6e9, last_text_ns: 1.4e9 }));
  figures.add(line({ phase: "settle", scheduled_ns: -1e9, first_text_ns: -0.5e9, last_text_ns: 0.5e9 }));
  figures.add(line({ phase: "settle", scheduled_ns: -2e9, first_text_ns: -1e9, last_text_ns: -0.5e9 }));
  const { tokens_per_second } = figures.rung(3, 1, {});
  ok(Math.abs(tokens_per_second - (11 * 0.9 + 11 * 0.5 + 11 * 0.5)) < 1e-6, String(tokens_per_second));
  const meets = (slo: object) => figures.rung(3, 1, slo).meets_slo;
  deepEqual([meets({}), meets({ ttft_ms: 100, tpot_ms: 100 })], [true, true]);
  deepEqual([meets({ ttft_ms: 99 }), meets({ tpot_ms: 99 })], [false, false]);
  figures.add(line({ err: true, tok: 0, first_text_ns: null, last_text_ns: null }));
  equal(meets({}), false);
  const unseen = new Figures();
  unseen.add(line({ first_token_ns: 0, last_token_ns: 2e9, decode_tok: 100 }));
  ok(Math.abs(unseen.rung(1, 1, {}).tokens_per_second - 5.5) < 1e-6);
  deepEqual([20, 19].map((tpot_ms) => unseen.rung(1, 1, { tpot_ms }).meets_slo), [true, false]);
  deepEqual([percentile([], 0.5), percentile([4], 0.99), percentile([1, 2, 3, 5], 0.5)], [null, 4, 2.5]);
});

Deno.test("a window's end waits for enough requests, at most five times its plan", () => {
  const horizon = new Horizon(100, 2);
  equal(horizon.end, 500);
  horizon.see(30);
  horizon.see(130);
  horizon.see(170);
  equal(horizon.end, 130);
  equal(new Horizon(100, 0).end, 100);
  const early = new Horizon(100, 1);
  early.see(30);
  equal(early.end, 100);
});

Deno.test("settings of the load that do not go together are refused with every fault named", () => {
  const refuse = (env: Record<string, string>, words: RegExp) => {
    try {
      readConfig({ MODEL: "m", ...env }, new Date());
    } catch (error) {
      return match(String(error), words);
    }
    throw new Error(`taken: ${JSON.stringify(env)}`);
  };
  const rates = (...rates: number[]) => JSON.stringify({ kind: "poisson", rates });
  refuse({ LOAD: rates(1), CONCURRENCY: "1" }, /both concurrency and load/);
  refuse({ LOAD: rates(1, 1) }, /the level 1 stands there twice/);
  refuse({ LOAD: "poisson" }, /LOAD: it is not JSON/);
  refuse({ LOAD: '{"kind":"x"}' }, /LOAD\.kind: unknown value "x", known: /);
  refuse({ LOAD: '{"kind":"ladder","most":1}' }, /LOAD\.most: it is 1, it must be at least 2/);
  refuse({ ORDER: "up", SEED: "-1" }, /ORDER: unknown value "up".*SEED: it is -1/s);
});
