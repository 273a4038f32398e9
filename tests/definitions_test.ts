// One trace, many answers: the raw rows of a request give the figures that each tool would print of it.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildData } from "../pipeline/build/mod.ts";
import { Database, type Row } from "../pipeline/lib/duckdb.ts";
import { standing } from "./almanac.ts";
import { jsonl, sealed, temporaryRoot } from "./fixtures.ts";

const SQL = join(dirname(dirname(fileURLToPath(import.meta.url))), "pipeline", "sql", "definitions");
const ms = (time: number) => time * 1_000_000;

/** Due at 0 and sent 200 ms late; a frame without text, the first text of one token, ten frames of two tokens every 40 ms, the frame with usage, the end. The engine counted 21 tokens, a tokenizer beside the client 20. True pace: 20 ms a token. */
const TRACE = {
  t: 1767323045.2,
  n: 0,
  tok: 21,
  tok_from: "engine",
  recount_tok: 20,
  tps: 50,
  dur: 0.931,
  err: false,
  phase: "measure",
  level: 1,
  scheduled_ns: ms(0),
  sent_ns: ms(200),
  first_frame_ns: ms(250),
  first_text_ns: ms(700),
  first_answer_ns: ms(700),
  last_text_ns: ms(1100),
  last_frame_ns: ms(1130),
  end_ns: ms(1131),
  frames: 11,
};
const CHUNKS = { n: 0, level: 1, phase: "measure", first_ns: ms(700), gaps_us: Array(10).fill(40_000) };

/** The same trace `later` ms on. */
function moved(n: number, later: number, fields: object = {}): object {
  const times = Object.entries(TRACE).filter(([key]) => key.endsWith("_ns"));
  return {
    ...TRACE,
    n,
    ...Object.fromEntries(times.map(([key, time]) => [key, Number(time) + ms(later)])),
    ...fields,
  };
}

function evidence(requests: readonly object[], chunks: readonly object[]): Record<string, string> {
  return { "results.jsonl": jsonl(requests), "chunks.jsonl": jsonl(chunks) };
}

const trace = await standing(async (paths) => {
  await sealed(paths, "r1", "e1", evidence([TRACE], [CHUNKS]));
});

function askedOfTrace(sql: string): Promise<Row[]> {
  return trace((db) => db.rows(sql));
}

async function asked(requests: readonly object[], chunks: readonly object[], sql: string): Promise<Row[]> {
  await using root = await temporaryRoot();
  await sealed(root.paths, "r1", "e1", evidence(requests, chunks));
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  return await db.rows(sql);
}

const to = (digits: number) => (value: unknown) =>
  value === null ? null : Number(Number(value).toFixed(digits));

for (
  // TTFT, TPOT, ITL in ms as the hand-worked table has them, and what of them its tokens/s for one user follow from.
  const [view, ttft, tpot, itl, perUser] of [
    ["as_almanac", 700, 20, 40, 50],
    ["as_vllm", 50, 42.5, 77.3, 23.5],
    ["as_sglang", 500, 21.5, 40, 46.5],
    ["as_sglang_native", 500, 21.5, 20, 46.5],
    ["as_guidellm", 500, 42.9, 20, 50],
    ["as_aiperf", 500, null, 21.1, 47.5],
    ["as_mlperf", 700, 20, null, 50],
    ["as_artificial_analysis", 500, null, null, 50],
  ] as const
) {
  Deno.test(`the hand-worked trace gives the figures of ${view} to the digit`, async () => {
    const [row] = await askedOfTrace(
      `SELECT ttft_ms.mean AS ttft, tpot_ms.mean AS tpot, itl_ms.mean AS itl, tokens_per_second_per_user AS per_user FROM ${view}`,
    );
    deepEqual([row?.ttft, row?.tpot, row?.itl, row?.per_user].map(to(1)), [ttft, tpot, itl, perUser]);
  });
}

Deno.test("tokens/s of one user are 1000 over the time per token: 23.3 by GuideLLM's TPOT, 50 by its ITL and SGLang's native one", async () => {
  const rows = await askedOfTrace(
    `SELECT 1e3 / tpot_ms.mean AS per_user FROM as_guidellm UNION ALL
     SELECT 1e3 / itl_ms.mean FROM as_guidellm UNION ALL
     SELECT 1e3 / itl_ms.mean FROM as_sglang_native`,
  );
  deepEqual(rows.map(({ per_user }) => to(1)(per_user)), [23.3, 50, 50]);
});

Deno.test("the latency of the trace ends and begins where each tool has it", async () => {
  const rows = await askedOfTrace(
    "SELECT definition, e2el_ms.mean AS e2el FROM definitions ORDER BY definition",
  );
  deepEqual(Object.fromEntries(rows.map(({ definition, e2el }) => [definition, to(3)(e2el)])), {
    aiperf: 900,
    almanac: 931,
    artificial_analysis: 900,
    guidellm: 900,
    mlperf: 1100,
    sglang: 930,
    sglang_native: 930,
    vllm: 900,
  });
});

Deno.test("throughput of the trace: over the whole run, or from the first request to the last response", async () => {
  const rows = await askedOfTrace(
    "SELECT definition, output_tokens_per_second AS rate FROM definitions ORDER BY definition",
  );
  deepEqual(Object.fromEntries(rows.map(({ definition, rate }) => [definition, to(2)(rate)])), {
    aiperf: to(2)(20 / 0.9),
    almanac: to(2)(21 / 1.131),
    artificial_analysis: null,
    guidellm: to(2)(21 / 0.9),
    mlperf: to(2)(21 / 1.1),
    sglang: to(2)(21 / 1.131),
    sglang_native: to(2)(21 / 1.131),
    vllm: to(2)(21 / 1.131),
  });
});

Deno.test("what a settling request brings inside the window counts to the almanac's throughput alone", async () => {
  const settling = moved(1, -1200, {
    phase: "settle",
    tok: 10,
    first_text_ns: -ms(400),
    last_text_ns: ms(400),
  });
  const rows = await asked(
    [TRACE, settling],
    [CHUNKS],
    "SELECT definition, output_tokens_per_second AS rate FROM definitions WHERE definition IN ('almanac', 'vllm')",
  );
  deepEqual(Object.fromEntries(rows.map(({ definition, rate }) => [definition, to(2)(rate)])), {
    almanac: to(2)(26 / 1.131),
    vllm: to(2)(21 / 1.131),
  });
});

Deno.test("percentiles are each tool's own: linear, the step, and sorted[floor(n × share)]", async () => {
  const firsts = [100, 200, 300, 400];
  const requests = firsts.map((first, n) =>
    moved(n, n * 2000, {
      scheduled_ns: ms(n * 2000 + 200),
      first_frame_ns: ms(n * 2000 + 200 + first),
      first_text_ns: ms(n * 2000 + 200 + first),
    })
  );
  const rows = await asked(
    requests,
    [CHUNKS],
    "SELECT definition, ttft_ms.p50 AS p50, ttft_ms.p99 AS p99 FROM definitions ORDER BY definition",
  );
  const linear = [250, 397];
  deepEqual(Object.fromEntries(rows.map(({ definition, p50, p99 }) => [definition, [p50, p99].map(to(3))])), {
    aiperf: linear,
    almanac: linear,
    artificial_analysis: linear,
    guidellm: [200, 400],
    mlperf: [300, 400],
    sglang: linear,
    sglang_native: linear,
    vllm: linear,
  });
});

Deno.test("warm-up and failed requests enter no definition, and a request of one token has no time per token", async () => {
  const rows = await asked(
    [
      moved(0, 0, { phase: "warmup", tok: 999 }),
      TRACE,
      moved(2, 2000, { err: true, error_class: "timeout", tok: 999 }),
      moved(3, 4000, { tok: 1, recount_tok: 1, last_text_ns: ms(4700), frames: 1 }),
    ].map((line, n) => ({ ...line, n })),
    [{ ...CHUNKS, n: 0, phase: "warmup" }, { ...CHUNKS, n: 1 }, { ...CHUNKS, n: 2 }, {
      ...CHUNKS,
      n: 3,
      gaps_us: [],
    }],
    `SELECT definition, requests::INTEGER AS requests, coalesce(tpot_ms, itl_ms).mean AS per_token
     FROM definitions WHERE definition <> 'artificial_analysis' ORDER BY definition`,
  );
  deepEqual(
    Object.fromEntries(
      rows.map(({ definition, requests, per_token }) => [definition, [requests, to(2)(per_token)]]),
    ),
    {
      aiperf: [2, 21.05],
      almanac: [2, 20],
      guidellm: [2, to(2)((900 / 21 + 500) / 2)],
      mlperf: [2, 20],
      sglang: [2, 21.5],
      sglang_native: [2, 21.5],
      vllm: [2, 42.5],
    },
  );
});

Deno.test("without a recount AIPerf's tokens are the engine's, without a last frame SGLang's latency ends with the stream", async () => {
  const rows = await asked(
    [{ ...TRACE, recount_tok: null, last_frame_ns: null }],
    [CHUNKS],
    "SELECT itl_ms.mean AS found FROM as_aiperf UNION ALL SELECT e2el_ms.mean FROM as_sglang",
  );
  deepEqual(rows.map(({ found }) => to(3)(found)), [20, 931]);
});

Deno.test("to vLLM a frame that came in one piece with the first text is one more gap, of nothing", async () => {
  const told = async (fields: object) => {
    const [row] = await asked(
      [{ ...TRACE, ...fields }],
      [CHUNKS],
      "SELECT itl_ms.mean AS found FROM as_vllm",
    );
    return to(3)(row?.found);
  };
  const together = { first_frame_ns: TRACE.first_text_ns };
  deepEqual(
    [
      await told(together),
      await told({ ...together, lead_frames: 0 }),
      await told({ ...together, lead_frames: 1 }),
    ],
    [40, 40, 36.364],
  );
  equal(await told({ lead_frames: 1 }), 77.273);
});

Deno.test("the almanac's time per token is that of its benchmarks, where tokens came that nobody saw too", async () => {
  const [row] = await asked(
    [{ ...TRACE, decode_tok: 10 }],
    [CHUNKS],
    "SELECT tpot_ms.mean AS defined, avg_tpot_ms AS measured FROM as_almanac JOIN benchmarks USING (id)",
  );
  deepEqual([row?.defined, row?.measured], [40, 40]);
});

Deno.test("an answer whose text came all at once has no speed by any definition, not an endless one", async () => {
  const rows = await asked(
    [{ ...TRACE, last_text_ns: TRACE.first_text_ns }],
    [{ ...CHUNKS, gaps_us: Array(10).fill(0) }],
    `SELECT definition FROM definitions WHERE NOT isfinite(tokens_per_second_per_user)
       OR NOT isfinite(output_tokens_per_second) OR NOT isfinite(requests_per_second)`,
  );
  deepEqual(rows, []);
});

Deno.test("only the levels of which chunk times are kept have rows, once, however often they are built", async () => {
  await using root = await temporaryRoot();
  const files = {
    "results.jsonl": jsonl([TRACE, moved(1, 0, { level: 2 })]),
    "chunks.jsonl": jsonl([CHUNKS]),
  };
  await sealed(root.paths, "a", "e", files);
  await buildData(root.paths, root.log);
  await sealed(root.paths, "b", "e", { "results.jsonl": jsonl([TRACE]) });
  await sealed(root.paths, "a", "e", files, { location: "moved" });
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const rows = await db.rows(
    "SELECT run_id, level, count(*)::INTEGER AS rows, min(definition_version) AS version FROM definitions GROUP BY ALL",
  );
  deepEqual(rows, [{ run_id: "a", level: 1, rows: 8, version: 1 }]);
});

for (const { name } of Deno.readDirSync(SQL)) {
  Deno.test(`every figure of sql/definitions/${name} says where its definition stands`, async () => {
    const text = await Deno.readTextFile(join(SQL, name));
    match(text, /^-- .+, version \d+/);
    const lines = text.split("\n");
    const figures = lines.flatMap((line, index) => /(_spread\(| AS \w*per_second)/.test(line) ? [index] : []);
    ok(figures.length > 0);
    for (const index of figures) {
      const above = lines.slice(0, index).findLast((line) => line.trim().startsWith("--")) ?? "";
      ok(/\.(py|md|cc|sql|adoc)\b|schemas\/|methodology|Not printed/.test(above), lines[index]);
    }
    equal(text.includes("\n\n"), false);
  });
}
