// Given raw lines of each kind of load, expect figures: what settles a level, what repeats it, and what arrives by itself.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { best, list } from "../pipeline/query/mod.ts";
import { renderAnswer, renderList } from "../pipeline/query/render.ts";
import { BenchmarkList } from "../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { levelOf, loadLabel, workloadLabel } from "../pipeline/schema/load.ts";
import { jsonl, metadata, sealed, temporaryRoot, timedLine } from "./fixtures.ts";

/** A request of 101 tokens. */
function line(n: number, second: number, fields: object = {}): object {
  return timedLine(n, second, { tok: 101, tps: 100, ...fields });
}

function level(level: number, fields: object = {}): object {
  return {
    level,
    started_at: "2026-01-02T03:04:05.000Z",
    window_seconds: 1.2,
    planned_seconds: 4,
    interrupted: false,
    ...fields,
  };
}

const about = (levels: object[], test_config: object = {}) => metadata({ summary: { levels }, test_config });

async function withFigures(
  lines: readonly object[],
  told: string,
  work: (benchmarks: BenchmarkResult[], db: Database) => Promise<void> | void,
  files: Record<string, string> = {},
): Promise<void> {
  await using root = await temporaryRoot();
  await sealed(root.paths, "r1", "e1", { "results.jsonl": jsonl(lines), "metadata.json": told, ...files });
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const { benchmarks } = BenchmarkList.parse(await list(db));
  await work(benchmarks.toSorted((a, b) => levelOf(a.test_config) - levelOf(b.test_config)), db);
}

const near = (found: number | null | undefined, expected: number) =>
  ok(Math.abs((found ?? NaN) / expected - 1) < 1e-9, `${found} is not ${expected}`);

Deno.test("tokens that a settling request brings inside the window count to the throughput, its other figures do not", async () => {
  const settling = { phase: "settle", tps: 1 };
  const lines = [
    line(0, -3, settling),
    // Half of its text comes after the window's start, of the next all of it.
    line(1, -0.7, settling),
    line(2, -0.1, settling),
    line(3, -0.1, { ...settling, err: true, error_class: "timeout" }),
    line(4, 0.5),
    line(5, 3.3),
  ];
  await withFigures(lines, about([level(1, { load_seconds: 4 })]), ([benchmark]) => {
    deepEqual([benchmark?.results.total_requests, benchmark?.results.total_tokens], [2, 202]);
    equal(benchmark?.results.duration_seconds, 4.5);
    near(benchmark?.throughput_tokens_per_second, (202 + 50.5 + 101) / 4.5);
    // Of the last request half comes before the load ends.
    near(benchmark?.steady_throughput_tokens_per_second, (101 + 50.5 + 50.5 + 101) / 4);
    equal(benchmark?.achieved_request_rate, 0.5);
    equal(benchmark?.results.avg_tokens_per_second, 100);
    equal(benchmark?.results.error_rate, 0);
  });
});

Deno.test("energy per token takes the tokens of the settling load into account", async () => {
  const samples = [0, 1, 2].map((second) => `2026-01-02T03:04:0${5 + second}.000Z,0,200\n`).join("");
  await withFigures(
    [line(0, -0.2, { phase: "settle" }), line(1, 0), line(2, 1)],
    about([level(1)]),
    ([benchmark]) => near(benchmark?.joules_per_output_token, 200 * 2.2 / 303),
    { "gpu.csv": `timestamp,index,power.draw\n${samples}` },
  );
});

Deno.test("the time of the load is the planned window where an agent told no other, and not known of an interrupted level", async () => {
  const steady = async (levels: object[], expected: number | null) => {
    await withFigures([line(0, 0), line(1, 3.3)], about(levels), ([benchmark]) => {
      equal(benchmark?.steady_throughput_tokens_per_second, expected);
      equal(benchmark?.achieved_request_rate, expected === null ? null : 0.5);
    });
  };
  await steady([level(1)], (101 + 50.5) / 4);
  await steady([level(1, { interrupted: true })], null);
  await steady([], null);
});

Deno.test("tokens that nobody saw count from when they came, and what came in one heap or not at all is in no speed", async () => {
  const at = (second: number) => Math.round(second * 1e9);
  const lines = [
    // Thinking from the window's start on, of which nothing shows before 3.2 s.
    line(0, 3, { sent_ns: 0, scheduled_ns: 0, first_token_ns: 0, tps: 999, last_token_ns: at(5) }),
    line(1, 0, { decode_tok: 50 }),
    line(2, 2, { decode_tok: 0 }),
  ];
  await withFigures(lines, about([level(1, { load_seconds: 4 })]), ([benchmark]) => {
    const { min_tokens_per_second, max_tokens_per_second, p50_ttft_ms, p50_tpot_ms } = benchmark?.results ??
      {};
    deepEqual([min_tokens_per_second, max_tokens_per_second], [20, 50]);
    deepEqual([p50_ttft_ms, p50_tpot_ms], [200, 35]);
    near(benchmark?.steady_throughput_tokens_per_second, (101 * 4 / 5 + 202) / 4);
  });
});

Deno.test("times that are not known give no steady throughput", async () => {
  const unknown = { first_text_ns: undefined, last_text_ns: undefined };
  await withFigures([line(0, 0, unknown)], about([level(1)]), ([benchmark]) => {
    equal(benchmark?.steady_throughput_tokens_per_second, null);
    ok((benchmark?.throughput_tokens_per_second ?? 0) > 0);
  });
});

Deno.test("an open loop is a benchmark of its rate that no ranking holds, beside the closed one that it may", async () => {
  const lines = [0.2, 0.9, 3.1].map((second, n) => line(n, second, { level: 2.5 }));
  const poisson = { load: { kind: "poisson", rates: [2.5], most_in_flight: 64 } };
  await withFigures(lines, about([level(2.5, { load_seconds: 4 })], poisson), async ([benchmark], db) => {
    const { test_config } = benchmark ?? {};
    deepEqual(
      [test_config?.arrival, test_config?.request_rate, test_config?.concurrent_reqs],
      ["poisson", 2.5, null],
    );
    ok(benchmark?.id.endsWith("-r2.5"));
    equal(benchmark?.achieved_request_rate, 0.75);
    equal(benchmark?.rate_tokens_per_second, benchmark?.throughput_tokens_per_second);
    equal(await best(db, { model: "qwen2:7b" }), null);
    equal((await list(db, { concurrency: 1 })).count, 0);
    const [row] = await db.rows("SELECT arrival, level, may_be_ranked FROM benchmarks");
    deepEqual(row, { arrival: "poisson", level: 2.5, may_be_ranked: false });
  });
});

Deno.test("at one request a second an open loop is still told apart from concurrency 1", async () => {
  const ramp = { load: { kind: "ramp", from: 0, to: 1, most_in_flight: 64 } };
  await withFigures([line(0, 0)], about([level(1)], ramp), async ([benchmark], db) => {
    ok(benchmark?.id.endsWith("-r1"));
    equal(benchmark?.rate_tokens_per_second, 101 / 1.2);
    equal(await best(db, { model: "qwen2:7b", concurrency: 1 }), null);
    equal((await list(db, { concurrency: 1 })).count, 0);
  });
});

Deno.test("a ladder's levels are closed loops and may be ranked", async () => {
  const ladder = { load: { kind: "ladder", most: 8 }, concurrency: [1, 2] };
  const lines = [line(0, 0), line(1, 0, { level: 2 }), line(2, 0, { level: 2 })];
  await withFigures(lines, about([level(1), level(2)], ladder), async (benchmarks, db) => {
    deepEqual(benchmarks.map(({ test_config }) => [test_config.arrival, test_config.concurrent_reqs]), [
      ["closed", 1],
      ["closed", 2],
    ]);
    ok((await best(db, { model: "qwen2:7b", concurrency: 2 }))?.benchmark.id.endsWith("-c2"));
  });
});

for (
  const [what, repeats, speed, expected] of [
    ["3.1 % slower", 20, 0.969, [3.1, 3]],
    ["3.1 % faster", 20, 1.031, [3.1, 3]],
    ["2.9 % slower", 20, 0.971, null],
    ["30 % slower in too few requests", 19, 0.7, null],
  ] as const
) {
  Deno.test(`a first level that is ${what} when it is measured again ${expected ? "is not stationary" : "has no verdict"}`, async () => {
    const lines = [
      ...Array.from({ length: 20 }, (_, n) => line(n, n * 2)),
      ...Array.from(
        { length: repeats },
        (_, n) =>
          line(20 + n, n * 2, { phase: "repeat", last_text_ns: Math.round((n * 2 + 0.2 + 1 / speed) * 1e9) }),
      ),
    ];
    await withFigures(lines, about([level(1), level(1, { phase: "repeat" })]), ([benchmark]) => {
      equal(benchmark?.results.total_requests, 20);
      near(benchmark?.results.avg_tokens_per_second, 100);
      const found = benchmark?.verdicts.filter(({ code }) => code === "non_stationary") ?? [];
      deepEqual(
        found.map(({ value, limit }) => [Number(value.toFixed(6)), limit]),
        expected ? [expected] : [],
      );
    });
  });
}

Deno.test("an interrupted repetition does not make its level an interrupted one", async () => {
  const levels = [level(1), level(1, { phase: "repeat", interrupted: true })];
  await withFigures([line(0, 0)], about(levels), ([benchmark]) => {
    ok(!benchmark?.verdicts.some(({ code }) => code === "interrupted"));
  });
});

Deno.test("a row of a table has the mark of each of its notes once, however many checks found the same", async () => {
  await withFigures([line(0, 0)], about([level(1)]), ([benchmark]) => {
    ok(benchmark !== undefined);
    const verdict = (code: "interrupted" | "clock_skew") =>
      ({ code, severity: "advisory", value: 1, limit: 0, unit: "ms" }) as const;
    const verdicts = [verdict("interrupted"), verdict("clock_skew"), verdict("interrupted")];
    match(
      renderList({ count: 1, benchmarks: [{ ...benchmark, verdicts }] }),
      /│ ab +│\n└.*\n {2}a {2}clock skew \(advisory\)\n {2}b {2}interrupted/,
    );
  });
});

Deno.test("tables and sentences name the load of both kinds", async () => {
  const lines = [line(0, 0, { level: 2 })];
  const poisson = { load: { kind: "poisson", rates: [2], most_in_flight: 64 } };
  await withFigures(lines, about([level(2)], poisson), async ([benchmark], db) => {
    match(renderList(await list(db)), /│ +2\/s │/);
    ok(benchmark !== undefined);
    const cost_analysis = {
      cost_per_hour: null,
      tokens_per_dollar: null,
      cost_per_million_tokens: null,
      estimated_monthly_24x7: null,
      delivered_tokens_per_dollar: null,
    };
    ok(renderAnswer({ benchmark, cost_analysis }).includes("2 requests/s (Poisson)"));
  });
  equal(loadLabel("closed", 4), "concurrency 4");
  equal(loadLabel("ramp", 8), "up to 8 requests/s (ramp)");
  equal(workloadLabel({}), "concurrency 1");
  equal(workloadLabel({ concurrency: [1, 4] }), "concurrency 1, 4");
  equal(workloadLabel({ load: { kind: "ladder", most: 64 } }), "a ladder up to concurrency 64");
  equal(
    workloadLabel({ load: { kind: "gamma", rates: [1, 2], burstiness: 0.5, most_in_flight: 8 } }),
    "1, 2 requests/s (gamma)",
  );
});
