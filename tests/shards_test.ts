// A load shared by several threads: how many, their times on one clock, their end, and what comes of one that dies.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { AgentError, type Config, readConfig } from "../pipeline/agent/config.ts";
import type { Exchange } from "../pipeline/agent/exchange.ts";
import { Libc } from "../pipeline/agent/socket/libc.ts";
import { shifted } from "../pipeline/agent/shards/clock.ts";
import { exchangerFor, shardsFor, shardsOf } from "../pipeline/agent/shards/exchanger.ts";
import { modelName, type Quirk } from "../pipeline/calibrate/mock/plan.ts";
import { startMock } from "../pipeline/calibrate/mock/process.ts";
import { agentClient, calibrate } from "../pipeline/calibrate/mod.ts";
import { bundleAgent } from "../pipeline/lib/bundle.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { prompt } from "./fixtures.ts";
import { until } from "./until.ts";

const FAST = { ttft: 4, gap: 2, n: 6 };
const never = new AbortController().signal;

function linuxTest(name: string, body: () => Promise<void>): void {
  Deno.test(name, { ignore: Libc.open() === null }, body);
}

function settings(url: string, quirks: readonly Quirk[] = []): Config {
  const env = { MODEL: modelName(FAST, quirks), ENGINE: "openai", URL: url, SHARDS: "2" };
  return readConfig(env, new Date());
}

Deno.test("more streams have more threads, of which the engine's machine keeps most cores", () => {
  const found = [[1, 64], [256, 64], [257, 64], [1024, 64], [1024, 8], [1024, 2], [1e5, 256]].map((
    [streams = 0, cores = 0],
  ) => shardsFor(streams, cores));
  deepEqual(found, [1, 1, 2, 4, 2, 1, 8]);
});

linuxTest("the threads of a run are those of its settings, else those of its highest level", () => {
  equal(shardsOf(settings("http://127.0.0.1:1")), 2);
  const usual = readConfig({ MODEL: "m", CONCURRENCY: "1,2" }, new Date());
  equal(shardsOf(usual), 1);
  return Promise.resolve();
});

Deno.test("all times of an exchange are brought to another clock, and what is none stays none", () => {
  const exchange: Exchange = {
    ...{ sent_at: 5, sent: 10, headers: 11, first_frame: 12, lead_frames: 0, first_text: 13 },
    ...{
      first_answer: null,
      last_text: 20,
      end: 21,
      text_times: [13, 20],
      text_bytes: [1, 1],
      frames: 2,
      silent_times: [12],
      reasoning_frames: 0,
      finished: 20,
      model: null,
      http: 200,
      stop: "stop",
    },
    ...{ counts: { tok: 2 }, engine: {}, error: null },
  };
  deepEqual(shifted(exchange, 100), {
    ...exchange,
    ...{ sent: 110, headers: 111, first_frame: 112, first_text: 113, last_text: 120, end: 121 },
    text_times: [113, 120],
    silent_times: [112],
    finished: 120,
  });
});

linuxTest(
  "exchanges of two threads lie between their asking and their end, and their frames are counted together",
  async () => {
    await using server = await startMock();
    await using exchanger = exchangerFor(settings(server.url), never);
    equal(exchanger.shards, 2);
    const asked = performance.now();
    const exchanges = await Promise.all(
      Array.from({ length: 8 }, (_, n) => exchanger.exchange(prompt(`stream ${n}`))),
    );
    const over = performance.now();
    for (const { sent, headers, text_times, end, counts, error } of exchanges) {
      equal(error, null);
      deepEqual([text_times.length, counts.tok], [6, 6]);
      const times = [asked, sent, headers ?? NaN, ...text_times, end, over];
      deepEqual(times, times.toSorted((a, b) => a - b));
    }
    equal(exchanger.frames, 48);
  },
);

linuxTest("what is stopped ends as stopped in every thread", async () => {
  const stop = new AbortController();
  await using server = await startMock();
  await using exchanger = exchangerFor(settings(server.url, ["hang"]), stop.signal);
  const exchanges = Array.from({ length: 4 }, (_, n) => exchanger.exchange(prompt(`stream ${n}`)));
  await until(() => exchanger.frames === 4 * FAST.n || null);
  stop.abort();
  deepEqual((await Promise.all(exchanges)).map(({ error }) => error?.kind), Array(4).fill("stopped"));
});

linuxTest("the loops of both threads and of the one that plans are watched", async () => {
  await using server = await startMock();
  await using exchanger = exchangerFor(settings(server.url), never);
  const loops = exchanger.watchLoops();
  for (let n = 0; n < 3; n++) await exchanger.exchange(prompt(`stream ${n}`));
  const lags = await loops.end();
  equal(lags.length, 3);
  ok(lags.flat().every((lag) => lag >= 0));
});

linuxTest("a thread that dies ends what it had under way and all that follows with the reason", async () => {
  const broken = { ...settings("http://127.0.0.1:1"), engine: "unheard of" } as unknown as Config;
  await using exchanger = exchangerFor(broken, never);
  for (let n = 0; n < 2; n++) {
    await rejects(exchanger.exchange(prompt("a")), (error) => {
      ok(error instanceof AgentError);
      match(error.message, /^a thread that reads answers has died \(.+\); SHARDS=1 does/);
      return true;
    });
  }
  deepEqual(await exchanger.watchLoops().end(), [[], [], []]);
});

linuxTest("a calibration with two threads counts every chunk and says that there were two", async () => {
  const { shards, levels } = await calibrate({
    ...{ levels: [1, 8], seconds: 0.1, stream: FAST, signal: never, onLevel: () => undefined },
    client: agentClient(2),
  });
  deepEqual([shards, levels.map(({ counts_exact }) => counts_exact)], [2, [true, true]]);
});

linuxTest("the agent, as one file, measures with two threads and says so", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const agent = join(folder, "agent.js");
    await bundleAgent(pathsOf(), agent);
    await using server = await startMock();
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", "-A", agent],
      env: {
        ...{ ENGINE: "openai", URL: server.url, MODEL: modelName(FAST), SHARDS: "2", CONCURRENCY: "4" },
        ...{ DURATION: "0.2", OUT: join(folder, "out") },
      },
    }).output();
    equal(code, 0, new TextDecoder().decode(stderr));
    const text = await Deno.readTextFile(join(folder, "out", "metadata.json"));
    const { summary } = Metadata.parse(JSON.parse(text));
    equal(summary?.levels?.[0]?.client?.shards, 2);
    match(await Deno.readTextFile(join(folder, "out", "results.jsonl")), /"tok":6,"tok_from":"engine"/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
