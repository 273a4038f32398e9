// Calibration: figures on times made up, the mock server's streams through the agent's own client, its quirks.
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../pipeline/agent/config.ts";
import { type Exchange, exchange } from "../pipeline/agent/exchange.ts";
import { HttpClient } from "../pipeline/agent/http/client.ts";
import { percentile } from "../pipeline/agent/percentile.ts";
import { ollamaWire } from "../pipeline/agent/wire/ollama.ts";
import { openaiWire } from "../pipeline/agent/wire/openai.ts";
import { offsetOf } from "../pipeline/calibrate/clock.ts";
import { figuresOf } from "../pipeline/calibrate/figures.ts";
import { levelOf } from "../pipeline/calibrate/level.ts";
import { modelName, planOf, type Quirk, QUIRKS } from "../pipeline/calibrate/mock/plan.ts";
import { startMock } from "../pipeline/calibrate/mock/process.ts";
import { timelineOf } from "../pipeline/calibrate/mock/timeline.ts";
import type { Told } from "../pipeline/calibrate/mock/told.ts";
import { calibrate, ceilingOf } from "../pipeline/calibrate/mod.ts";
import { renderCalibration } from "../pipeline/calibrate/render.ts";
import { bundleAgent } from "../pipeline/lib/bundle.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { Calibration } from "../pipeline/schema/calibration.ts";
import { prompt } from "./fixtures.ts";

const FAST = { ttft: 4, gap: 2, n: 6 };
const WIRES = { chat: openaiWire, completions: openaiWire, ollama: ollamaWire };
type Protocol = keyof typeof WIRES;

const told = (key: string, received_ms: number, sent_ms: number[]): Told => ({
  key,
  received_ms,
  sent_ms,
  span_ms: sent_ms.map(() => 0.5),
  due: { ttft: 50, gap: 20 },
});
const all = { from: -Infinity, to: Infinity };

Deno.test("errors are the client's times against the server's, whatever its clock says", () => {
  const client = { key: "a", sent_ms: 1000, chunks_ms: [1052, 1071, 1094], tokens: 3, error: null };
  const server = told("a", 7001, [7051, 7071, 7092]);
  const figures = figuresOf([client], [server], { chunks: 3, tokens: 3 }, all, 6000);
  deepEqual(figures, {
    requests: 1,
    errors: 0,
    chunks: 3,
    counts_exact: true,
    ttft_errors_ms: [2],
    itl_errors_ms: [1, 2],
    lags_ms: [1, 0, 2],
    server_spans_ms: [0.5, 0.5, 0.5],
    server_lates_ms: [0, 0, 1],
  });
});

Deno.test("only chunks inside the window are in the figures; counts are of all streams", () => {
  const client = { key: "a", sent_ms: 0, chunks_ms: [50, 70, 90], tokens: 3, error: null };
  const figures = figuresOf([client], [told("a", 0, [50, 70, 90])], { chunks: 3, tokens: 3 }, {
    from: 60,
    to: 80,
  }, 0);
  deepEqual([figures.chunks, figures.ttft_errors_ms, figures.itl_errors_ms], [1, [], [0]]);
  ok(figures.counts_exact);
});

for (
  const [what, change] of [
    ["a lost chunk", { chunks_ms: [50] }],
    ["a chunk too many", { chunks_ms: [50, 70, 71] }],
    ["other tokens", { tokens: 3 }],
    ["no tokens", { tokens: null }],
    ["an error", { error: "HTTP 500" }],
    ["a stream that the server does not know", { key: "b" }],
  ] as const
) {
  Deno.test(`counts are not exact with ${what}, and the level is not clean`, () => {
    const heard = { key: "a", sent_ms: 0, chunks_ms: [50, 70], tokens: 2, error: null, ...change };
    const figures = figuresOf([heard], [told("a", 0, [50, 70])], { chunks: 2, tokens: 2 }, all, 0);
    equal(figures.counts_exact, false);
    equal(
      levelOf(1, { window: { from: 0, to: 1000 }, cpu_us: 100, loop_lags_ms: [] }, figures, 20).clean,
      false,
    );
  });
}

for (
  const [itl_errors_ms, clean] of [[[0.1, 0.2, 0.3], true], [[0.1, 0.2, 9], false], [[], false]] as const
) {
  Deno.test(`a level with ITL errors of [${itl_errors_ms}] ms is ${clean ? "" : "not "}clean`, () => {
    const figures = {
      requests: 2,
      errors: 0,
      chunks: 500,
      counts_exact: true,
      ttft_errors_ms: [0.5],
      itl_errors_ms: [...itl_errors_ms],
      lags_ms: [],
      server_spans_ms: [],
      server_lates_ms: [],
    };
    const level = levelOf(
      10,
      {
        window: { from: 1000, to: 2000 },
        cpu_us: 10_000,
        loop_lags_ms: [[0], [1]],
      },
      figures,
      20,
    );
    deepEqual([level.clean, level.chunks_per_second, level.cpu_us_per_chunk, level.p99_lag_ms], [
      clean,
      500,
      20,
      null,
    ]);
  });
}

for (
  const [what, spans, lates, fit] of [
    ["is on time", [0.1, 0.2], [0.1, 3], true],
    ["does not know when it sent", [0.1, 5], [0, 0], false],
    ["sends half a gap late", [0.1, 0.2], [0, 12], false],
  ] as const
) {
  Deno.test(`a level whose server ${what} says so`, () => {
    const figures = figuresOf([], [], { chunks: 2, tokens: 2 }, all, 0);
    const { server_fit } = levelOf(10, { window: { from: 0, to: 1000 }, cpu_us: 1, loop_lags_ms: [] }, {
      ...figures,
      server_spans_ms: [...spans],
      server_lates_ms: [...lates],
    }, 20);
    equal(server_fit, fit);
  });
}

Deno.test("percentiles are linear between neighbours, as numpy has them", () => {
  deepEqual([0, 0.5, 0.99, 1].map((at) => percentile([4, 1, 3, 2], at)), [1, 2.5, 3.9699999999999998, 4]);
  equal(percentile([], 0.5), null);
});

Deno.test("the clocks' offset is that of the shortest round trip", () => {
  const pings = [
    { sent_ms: 10, server_ms: 5020, back_ms: 14 },
    { sent_ms: 20, server_ms: 5020.5, back_ms: 21 },
    { sent_ms: 30, server_ms: 5029, back_ms: 33 },
  ];
  deepEqual(offsetOf(pings), { offset_ms: 5000, uncertainty_ms: 0.5 });
  throws(() => offsetOf([]), /no pings/);
});

Deno.test("the ceiling is the last clean level before the first that is not", () => {
  const level = (streams: number, clean: boolean) => ({ streams, clean, chunks_per_second: streams * 50 });
  equal(ceilingOf([level(64, true), level(1, true), level(256, false), level(512, true)]), 3200);
  equal(ceilingOf([level(1, false), level(16, true)]), null);
  equal(ceilingOf([level(1, true)]), 50);
  equal(ceilingOf([]), null);
});

Deno.test("a stream's name says what it does, and what is not known is named", () => {
  const plan = planOf("mock:ttft=5,n=7,crlf,pings");
  deepEqual([plan.ttft, plan.gap, plan.n, [...plan.quirks]], [5, 20, 7, ["crlf", "pings"]]);
  equal(planOf("mock:", 9).n, 9);
  equal(modelName({ ttft: 5, n: 7 }, ["crlf"]), "mock:ttft=5,n=7,crlf");
  throws(() => planOf("qwen2:7b"), /begin with "mock:"/);
  for (const name of ["mock:nonsense", "mock:ttft=-1", "mock:gap=x", "mock:crlf=1", "mock:toString"]) {
    throws(() => planOf(name), /known are ttft=N, gap=N/, name);
  }
});

Deno.test("chunks are due at absolute times, and each has its own step", () => {
  const { steps, then } = timelineOf(
    "chat",
    "mock:",
    planOf("mock:ttft=50,gap=20,n=4,role_first,pings,split"),
  );
  deepEqual(steps.filter(({ chunk }) => chunk).map(({ due_ms }) => due_ms), [50, 70, 90, 110]);
  equal(then, "next");
  deepEqual(steps.map(({ due_ms }) => due_ms), steps.map(({ due_ms }) => due_ms).toSorted((a, b) => a - b));
});

Deno.test("the client's counts are exact at 1 and 8 streams, and the calibration keeps its schema", async () => {
  const seen: number[] = [];
  const calibration = await calibrate({
    levels: [1, 8],
    seconds: 0.2,
    stream: FAST,
    signal: new AbortController().signal,
    onLevel: ({ streams }) => seen.push(streams),
  });
  deepEqual(Calibration.parse(calibration), calibration);
  deepEqual(seen, [1, 8]);
  for (const { errors, counts_exact, chunks } of calibration.levels) {
    deepEqual([errors, counts_exact], [0, true]);
    ok(chunks > 0);
  }
  match(renderCalibration(calibration), /streams │ chunks\/s/);
});

Deno.test("a calibration that is stopped ends with the levels that it has", async () => {
  const stop = new AbortController();
  const calibration = await calibrate({
    levels: [1, 2],
    seconds: 0.05,
    stream: FAST,
    signal: stop.signal,
    onLevel: () => stop.abort(),
  });
  deepEqual(calibration.levels.map(({ streams }) => streams), [1]);
});

Deno.test("the agent, as one file, calibrates itself when asked, then measures; the next takes its calibration over", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const agent = join(folder, "agent.js");
    await bundleAgent(pathsOf(), agent);
    await using server = await startMock();
    const measure = async (name: string) => {
      const out = join(folder, name);
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-config", "-A", agent],
        env: {
          ...{ CALIBRATE: "1", CALIBRATION: join(folder, "kept.json"), ENGINE: "openai", URL: server.url },
          ...{ MODEL: modelName(FAST), DURATION: "0.1", OUT: out },
        },
      }).output();
      equal(code, 0, new TextDecoder().decode(stderr));
      match(await Deno.readTextFile(join(out, "results.jsonl")), /"tok":6,"tok_from":"engine"/);
      return Calibration.parse(JSON.parse(await Deno.readTextFile(join(out, "calibration.json"))));
    };
    const first = await measure("first");
    deepEqual([first.client, first.levels.map(({ counts_exact }) => counts_exact)], ["agent", [
      true,
      true,
      true,
    ]]);
    deepEqual(await measure("second"), first);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

interface Outcome {
  readonly kind: NonNullable<Exchange["error"]>["kind"] | null;
  /** Chunks with text that the client has counted. */
  readonly frames: number;
  /** Tokens that the stream's end told. */
  readonly tok: number | undefined;
  readonly cached?: number;
}

const GOOD: Outcome = { kind: null, frames: 6, tok: 6, cached: 0 };
const BAD = { kind: "truncated", frames: 6, tok: undefined } as const;

/** What each quirk must come to; of Ollama where it differs. */
const OUTCOMES: Record<Exclude<Quirk, "gzip">, Outcome | { openai: Outcome; ollama: Outcome }> = {
  role_first: GOOD,
  no_usage: { kind: null, frames: 6, tok: undefined },
  no_done: { openai: GOOD, ollama: BAD },
  no_end: BAD,
  hang: { ...BAD, kind: "timeout" },
  error_200: { kind: "in_stream", frames: 3, tok: undefined },
  close_mid: { kind: "truncated", frames: 3, tok: undefined },
  crlf: GOOD,
  pings: GOOD,
  split: GOOD,
  drip: GOOD,
  wrong_counts: { ...GOOD, tok: 13 },
  few_counts: { ...GOOD, tok: 3 },
  miscount: GOOD,
  hidden_queue: GOOD,
  cached: { ...GOOD, cached: 40 },
  refuse: { kind: "http", frames: 0, tok: undefined },
  redirect: { kind: "http", frames: 0, tok: undefined },
  abort: {
    openai: { kind: "in_stream", frames: 6, tok: undefined },
    ollama: { kind: "in_stream", frames: 6, tok: undefined },
  },
  detail: { kind: "in_stream", frames: 3, tok: undefined },
  error_event: { kind: "in_stream", frames: 3, tok: undefined },
  no_reason: GOOD,
  cr: GOOD,
  blank_data: GOOD,
  whole: {
    openai: { kind: "http", frames: 0, tok: undefined },
    ollama: { kind: "http", frames: 1, tok: 6, cached: 0 },
  },
  page: { kind: "http", frames: 0, tok: undefined },
  tool_calls: GOOD,
  parts: GOOD,
  hidden: { ...GOOD, frames: 3 },
  silent: { ...GOOD, tok: 12 },
  other_model: GOOD,
  heaps: GOOD,
  times: GOOD,
  wrong_times: GOOD,
};

Deno.test("through exchange(), against the mock server", async (test) => {
  await using server = await startMock();
  const ask = async (protocol: Protocol, model: string, timeout = "20") => {
    const env = {
      MODEL: model,
      URL: server.url,
      TIMEOUT: timeout,
      API: protocol === "completions" ? protocol : "chat",
    };
    const config = readConfig(env, new Date());
    let frames = 0;
    using client = new HttpClient();
    const stop = new AbortController().signal;
    const context = { wire: WIRES[protocol](config), client, config, stop, onFrame: () => frames++ };
    const result = await exchange(prompt(`${protocol} ${model}`), context);
    equal(frames, result.frames);
    return result;
  };
  const sent = async () => await (await fetch(`${server.url}/mock/told`)).json() as Told[];

  for (const protocol of ["chat", "completions", "ollama"] as const) {
    for (const [quirk, expected] of Object.entries(OUTCOMES)) {
      const { kind, frames, tok, cached } = "kind" in expected
        ? expected
        : expected[protocol === "ollama" ? "ollama" : "openai"];
      await test.step(`${protocol}: ${QUIRKS[quirk as Quirk]}: ${kind ?? "success"}`, async () => {
        await sent();
        const model = modelName(FAST, [quirk as Quirk]);
        const result = await ask(protocol, model, quirk === "hang" ? "1" : "20");
        equal(result.error?.kind ?? null, kind, result.error?.message);
        deepEqual([result.frames, result.counts.tok, result.counts.cached_tok], [frames, tok, cached]);
        const [truth] = await sent();
        equal(truth?.sent_ms.length ?? 0, frames);
        if (truth !== undefined) equal(truth.key, `${protocol} ${model}`);
      });
    }

    await test.step(`${protocol}: many quirks at once change no count`, async () => {
      const result = await ask(
        protocol,
        modelName({ ...FAST, headers: 5 }, ["role_first", "crlf", "pings", "split", "drip"]),
      );
      equal(result.error, null);
      deepEqual([result.frames, result.counts.tok], [6, 6]);
      ok(
        result.first_frame !== null && result.first_text !== null && result.first_frame <= result.first_text,
      );
    });

    await test.step(`${protocol}: several tokens a chunk are counted as tokens`, async () => {
      const result = await ask(protocol, modelName({ ...FAST, tokens: 3, prompt: 11 }));
      deepEqual([result.frames, result.counts.tok, result.counts.prompt_tok], [6, 18, 11]);
    });

    await test.step(`${protocol}: a line of 8 MiB with all that is around its text is one chunk`, async () => {
      const result = await ask(protocol, modelName({ ...FAST, giant: 8 * 1024 * 1024 - 1024 }));
      deepEqual([result.error, result.frames, result.counts.tok], [null, 6, 6]);
    });

    await test.step(`${protocol}: while the model loads requests are refused, then served`, async () => {
      const model = modelName({ ...FAST, loading: 2 });
      const results = [await ask(protocol, model), await ask(protocol, model), await ask(protocol, model)];
      deepEqual(results.map(({ http, error }) => [http, error?.kind]), [
        [503, "http"],
        [503, "http"],
        [200, undefined],
      ]);
      match(String(results[0]?.error?.message), /Loading model/);
    });

    await test.step(`${protocol}: a compressed answer is read or refused, never half`, async () => {
      const result = await ask(protocol, modelName(FAST, ["gzip"]));
      if (result.error === null) deepEqual([result.frames, result.counts.tok], [6, 6]);
      else equal(result.frames, 0);
    });

    await test.step(`${protocol}: headers that come too late are a timeout`, async () => {
      const result = await ask(protocol, modelName({ ...FAST, headers: 60_000 }), "0.2");
      deepEqual([result.error?.kind, result.http, result.frames], ["timeout", null, 0]);
    });

    await test.step(`${protocol}: a model that is none is refused with what is known`, async () => {
      const result = await ask(protocol, "mock:nonsense");
      deepEqual([result.error?.kind, result.http], ["http", 400]);
      match(String(result.error?.message), /known are/);
    });
  }
});
