// The agent against an engine whose every time and count is known: lies are caught, clean runs are blamed for nothing.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../pipeline/agent/config.ts";
import { run } from "../pipeline/agent/run.ts";
import type { Quirk } from "../pipeline/calibrate/mock/plan.ts";
import { importDirectories } from "../pipeline/importers/mod.ts";
import { covers, levelsFor } from "../pipeline/calibrate/brief.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { LLAMA_SERVER_NAMES } from "../pipeline/schema/gauges.ts";
import { Metadata } from "../pipeline/schema/metadata.ts";
import { ServerLine } from "../pipeline/schema/server_line.ts";
import { fakeOpenai } from "./fakes/openai.ts";
import { answering, fakeServer } from "./fakes/server.ts";
import { deafUrl, temporaryRoot } from "./fixtures.ts";
import { benchmarksOf, type MockRun } from "./mock_runs.ts";
import { engines } from "../pipeline/engines/mod.ts";
import { EngineChoice, Workload } from "../pipeline/schema/matrix.ts";
import { engineWorld } from "./fixtures.ts";

/** Long enough for shares of time, which are told of windows of 5 s and more. */
const LONG = { DURATION: "5.2" };

/** What is wrong, and the verdict and the unit of its evidence; null: nothing may be blamed. */
const RUNS: Readonly<Record<string, MockRun & { readonly verdict: RegExp | null }>> = {
  "an engine whose counter runs 5 % ahead": {
    quirks: ["miscount"],
    verdict: /^token_mismatch .*own counter$/m,
  },
  "an engine that tells seven tokens too many": {
    quirks: ["wrong_counts"],
    verdict: /^token_mismatch .*own counter$/m,
  },
  "an engine without counters that tells half of its tokens": {
    quirks: ["few_counts"],
    env: { METRICS_URL: `${deafUrl()}/metrics` },
    verdict: /^token_mismatch frames with text/m,
  },
  "a queue in front of the engine, of which the client knows nothing": {
    stream: { slots: 4 },
    quirks: ["hidden_queue"],
    env: LONG,
    verdict: /^client_bound requests in flight as the engine counted/m,
  },
  "an engine that says that it decoded in half of the time": {
    quirks: ["wrong_times"],
    verdict: /^decode_mismatch /m,
  },
  "an engine that answers from another model": { quirks: ["other_model"], verdict: /^wrong_model /m },
  "a queue in the engine itself": { stream: { slots: 4 }, env: LONG, verdict: null },
};

Deno.test("lies are caught by the verdict for them, and a queue in the engine is not the client's fault", async (test) => {
  const found = await benchmarksOf(Object.values(RUNS), 3);
  for (const [n, [what, measured]] of Object.entries(RUNS).entries()) {
    await test.step(what, async () => {
      const told = fatalOf(found.find(({ provenance }) => provenance.entry_id === `run-${n}`));
      if (measured.verdict === null) deepEqual(told.length === 0 ? told : await again(measured), []);
      else match(told.join("\n"), measured.verdict);
    });
  }
});

/** What is fatal of a run that other programs may have disturbed, which is then true; measured alone, and the best of three. */
async function again(measured: MockRun): Promise<string[]> {
  let told: string[] = [];
  for (let tries = 0; tries < 3; tries++) {
    told = fatalOf((await benchmarksOf([measured]))[0]);
    if (told.length === 0) break;
  }
  return told;
}

function fatalOf(benchmark: BenchmarkResult | undefined): string[] {
  const fatal = benchmark?.verdicts.filter(({ severity }) => severity === "fatal") ?? [];
  return fatal.map(({ code, unit }) => `${code} ${unit}`);
}

Deno.test("no answer that hides tokens, or lets them come in heaps, is faster than the engine", async (test) => {
  const quirks: readonly (readonly Quirk[])[] = [
    ["hidden"],
    ["silent"],
    ["tool_calls"],
    ["parts"],
    ["heaps"],
    ["hidden", "heaps", "cr"],
  ];
  const found = await benchmarksOf(quirks.map((own) => ({ quirks: own })), 3);
  for (const [n, own] of quirks.entries()) {
    await test.step(own.join(", "), () => {
      const results = found.find(({ provenance }) => provenance.entry_id === `run-${n}`)?.results;
      equal(results?.total_errors, 0);
      // A chunk is due every 20 ms, and may be late but never early.
      ok((results?.max_tokens_per_second ?? NaN) <= 50 * 1.05, `${results?.max_tokens_per_second} tokens/s`);
    });
  }
});

Deno.test("requests so short that the client's own work between them counts are client bound", async () => {
  const [benchmark] = await benchmarksOf([{ stream: { ttft: 0, gap: 0, n: 1 }, env: LONG }]);
  const told = benchmark?.verdicts.map(({ code, unit }) => `${code} ${unit}`) ?? [];
  match(told.join("\n"), /client_bound requests in flight on average/);
});

Deno.test("a client that is kept busy by other work is client bound", async () => {
  const disturb = () => {
    const busy = setInterval(() => {
      for (const until = performance.now() + 60; performance.now() < until;);
    }, 5);
    return { [Symbol.dispose]: () => clearInterval(busy) };
  };
  const [benchmark] = await benchmarksOf([{ disturb }]);
  const told = benchmark?.verdicts.map(({ code, unit }) => `${code} ${unit}`) ?? [];
  match(
    told.join("\n"),
    /client_bound ms that the client's event loop was (late by its own work|kept from the processor) \(median\)/,
  );
});

Deno.test("clean runs have no verdict, and their tokens are those that the engine counted", async () => {
  let found = await benchmarksOf(Array.from({ length: 12 }, () => ({})), 4);
  equal(found.length, 12);
  for (const { client, results } of found) {
    equal(client?.server_tokens, results.total_tokens);
    ok((client?.server_in_flight ?? 0) > 0 && (client?.in_flight ?? 0) > 0 && (client?.cpu_pct ?? 0) > 0);
  }
  // A client that other programs keep from the processor is late indeed: those runs are repeated, one after another.
  for (let tries = 0; tries < 3; tries++) {
    const blamed = found.filter(({ verdicts }) => verdicts.length > 0);
    if (blamed.length === 0) return;
    found = await benchmarksOf(blamed.map(() => ({})));
  }
  deepEqual(found.flatMap(({ verdicts }) => verdicts), []);
});

async function measured(env: Record<string, string>) {
  const out = await Deno.makeTempDir();
  const config = readConfig(
    {
      MODEL: "m",
      DURATION: "0.1",
      WARMUP: "1",
      MAX_TOKENS: "8",
      ORDER: "given",
      REPEAT_FIRST: "0",
      OUT: out,
      ...env,
    },
    new Date(),
  );
  await run(config, new AbortController().signal, { progress: () => undefined, ended: () => undefined });
  const read = (name: string) => Deno.readTextFile(join(out, name));
  const lines = (await read("server.jsonl").catch(() => "")).split("\n").filter((line) => line !== "");
  return {
    out,
    lines: lines.map((line) => ServerLine.parse(JSON.parse(line))),
    metadata: Metadata.parse(JSON.parse(await read("metadata.json"))),
    log: await read("agent.log"),
  };
}

for (const name of ["vllm", "sglang", "llama.cpp"] as const) {
  Deno.test(`${name}'s counters are scraped before, in and after the window, under the names that the engine hands over`, async () => {
    await using server = fakeServer(name, ["m"]);
    const choice = EngineChoice.parse({ name, url: `${server.url}/v1` });
    await using running = await engines[name].start(
      choice,
      "m",
      Workload.parse({ context_tokens: 1024 }),
      engineWorld(),
    );
    const { out, lines, metadata } = await measured({ ...running.agentEnv, CONCURRENCY: "1,2" });
    deepEqual([...new Set(lines.map(({ level }) => level))], [1, 2]);
    for (const level of [1, 2]) {
      const own = lines.filter((line) => line.level === level);
      ok(own.length >= 3);
      ok((own[0]?.at_ns ?? 0) <= 0 && (own.at(-1)?.at_ns ?? 0) >= 1e8, JSON.stringify(own));
      ok(own.every(({ running, generation_tokens }) => (running ?? 0) > 0 && (generation_tokens ?? 0) > 0));
    }
    for (const { client } of metadata.summary?.levels ?? []) {
      ok(
        (client?.loop_lag_p50_ms ?? -1) >= 0 && (client?.loop_lag_p99_ms ?? -1) >= 0 &&
          (client?.cpu_pct ?? -1) >= 0,
      );
    }
    await Deno.remove(out, { recursive: true });
  });
}

Deno.test("an engine that does not tell its counters is measured all the same, and that is said once a level", async () => {
  await using openai = fakeOpenai(["m"]);
  const { out, lines, log, metadata } = await measured({
    ENGINE: "openai",
    URL: openai.url,
    METRICS_URL: `${openai.url}/metrics`,
    METRICS_NAMES: JSON.stringify({
      running: [],
      waiting: [],
      generation_tokens: [],
      prompt_tokens: [],
      kv_usage: [],
    }),
  });
  deepEqual(lines, []);
  equal(log.match(/counters are not known: .*\/metrics answered 404/g)?.length, 1);
  ok(metadata.completed_at !== null);
  deepEqual((await Array.fromAsync(Deno.readDir(out))).filter(({ name }) => name === "server.jsonl"), []);
  await Deno.remove(out, { recursive: true });
});

for (
  const [what, isBroken, left] of [
    ["the first", (n: number) => n === 1, 2],
    ["one in the window", (n: number) => n === 2, 2],
    ["every one from the second on", (n: number) => n >= 2, 1],
    ["every second one", (n: number) => n % 2 === 0, 1],
  ] as const
) {
  Deno.test(`where ${what} of the questions for its counters fails, the answers to the others are kept`, async () => {
    const vllm = answering("vllm", ["m"], {});
    let asked = 0;
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => undefined },
      (request) => {
        if (!request.url.endsWith("/metrics") || !isBroken(++asked)) return vllm(request);
        return new Response("busy", { status: 500 });
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    const { lines, log, out } = await measured({
      ENGINE: "vllm",
      URL: url,
      METRICS_URL: `${url}/metrics`,
      METRICS_NAMES: JSON.stringify(LLAMA_SERVER_NAMES),
      DURATION: "0.6",
    });
    equal(log.match(/counters are not known at times: .*\/metrics answered 500/g)?.length, 1, log);
    ok(lines.length >= left && lines.length < asked, `${lines.length} of ${asked}`);
    await Deno.remove(out, { recursive: true });
  });
}

Deno.test("an imported directory keeps counters and calibration; what is malformed in them is left out and told", async () => {
  await using server = fakeServer("vllm", ["m"]);
  const choice = EngineChoice.parse({ name: "vllm", url: server.url });
  await using running = await engines.vllm.start(
    choice,
    "m",
    Workload.parse({ context_tokens: 1024 }),
    engineWorld(),
  );
  const { out } = await measured({ ...running.agentEnv });
  await Deno.writeTextFile(join(out, "server.jsonl"), '{"t":1}\n', { append: true });
  await Deno.writeTextFile(join(out, "calibration.json"), '{"levels":[]}');
  await using root = await temporaryRoot();
  const { imported } = await importDirectories(
    [out],
    { provider: "local", price: null, location: null },
    root.paths,
    root.log,
    new Date(),
  );
  equal(imported[0]?.rejected, 2);
  match(root.said.join("\n"), /server\.jsonl:\d+ was left out: .*at_ns/);
  match(root.said.join("\n"), /calibration\.json:1 was left out: calibrated_at/);
  await Deno.remove(out, { recursive: true });
});

Deno.test("a calibration goes four times as high as the level to be measured, and is taken over while it is fresh and high enough", () => {
  deepEqual([1, 64, 300, 1024].map(levelsFor), [[1, 16, 64], [1, 64, 256], [1, 300, 1024], [1, 1024]]);
  const made = { calibrated_at: "2026-01-02T03:04:05.000Z", levels: [{ streams: 1 }, { streams: 64 }] };
  const at = Date.parse(made.calibrated_at);
  deepEqual(
    [[at - 1, [1, 64]], [at + 1, [1, 64]], [at - 1, [1, 256]]].map(([since, levels]) =>
      covers(made, { levels: levels as number[], shards: 1 }, since as number)
    ),
    [true, false, false],
  );
});
