// The specification's older format as programs write it: what failed, when a request was under way, lines that repeat, other headers.
import { deepEqual, equal, match } from "node:assert/strict";
import { Database } from "../pipeline/lib/duckdb.ts";
import { isFailed, NO_ERROR } from "../pipeline/schema/failed.ts";
import { jsonl, metadata } from "./fixtures.ts";
import { goodFiles, importing, olderLines, START } from "./imported.ts";

const SUCCEEDED = [
  undefined,
  null,
  false,
  0,
  -0,
  "",
  " ",
  "0",
  "0.0",
  "-0",
  "+0.",
  ".00",
  "0e5",
  "false",
  "False",
  " FALSE ",
  "no",
  "None",
  "none\n",
  "null",
  "nil",
  "NaN",
  "undefined",
  "n/a",
  "OK",
  "-",
];
const FAILED = [
  true,
  1,
  2,
  0.5,
  -1,
  500,
  1e300,
  "1",
  "1.0",
  "true",
  "yes",
  "timeout",
  "connection refused",
  "none of the above",
  "false alarm",
  "00x",
  "0 tokens",
  "error: 0",
  "--",
  "\u00a0",
  "ошибка",
  "fal\u017fe",
  "o\u212a",
];

Deno.test("one rule says what failed: in the words of an import, in the tables, and as the schema reads a line", async () => {
  await using root = await importing();
  const lines = olderLines(SUCCEEDED.length + FAILED.length, (n) => {
    const err = [...SUCCEEDED, ...FAILED][n - 1];
    return err === undefined ? { err: undefined } : { err };
  });
  deepEqual(SUCCEEDED.map((err) => isFailed({ err })), SUCCEEDED.map(() => false));
  deepEqual(FAILED.map((err) => isFailed({ err })), FAILED.map(() => true));
  const { imported } = await root.take(goodFiles({ "results.jsonl": jsonl(lines) }));
  deepEqual(imported.map(({ requests, rejected }) => [requests, rejected]), [[lines.length, 0]]);
  await root.build();
  const rows = await root.rows(
    "SELECT n::INTEGER AS n, failed FROM read_parquet('$exported/requests.parquet/*') ORDER BY n",
  );
  deepEqual(
    rows.map(({ failed }) => failed),
    [...SUCCEEDED.map(() => false), ...FAILED.map(() => true)],
  );
});

Deno.test("the database reads the rule as the program does, for words that nobody thought of", async () => {
  using db = await Database.inMemory();
  const parts = [
    "0",
    "1",
    ".",
    "-",
    "+",
    "e",
    "false",
    "no",
    " ",
    "\t",
    "NONE",
    "x",
    "\n",
    "ok",
    "fal\u017fe",
  ];
  const words = parts.flatMap((a) => parts.flatMap((b) => [`${a}${b}`, ...parts.map((c) => `${a}${b}${c}`)]));
  await db.set("words", words);
  await db.set("no_error", NO_ERROR);
  const rows = await db.rows(
    "SELECT NOT regexp_full_match(word, getvariable('no_error')) AS failed FROM (SELECT unnest(getvariable('words')) AS word)",
  );
  deepEqual(rows.map(({ failed }) => failed), words.map((err) => isFailed({ err })));
});

Deno.test("a line that has words for an error and no tokens failed, whatever its err says; one with tokens did not", async () => {
  await using root = await importing();
  const told: readonly object[] = [
    { err: undefined, error_msg: "timeout", tok: 0 },
    { err: undefined, error_msg: "timeout", tok: undefined },
    { err: false, error_msg: "timeout", tok: null },
    { err: undefined, error_msg: "None", tok: 0 },
    { err: undefined, error_msg: "", tok: 0 },
    { err: false, error_msg: "one retry", tok: 256 },
  ];
  const lines = olderLines(told.length, (n) => told[n - 1] ?? {});
  const { imported } = await root.take(goodFiles({ "results.jsonl": jsonl(lines) }));
  deepEqual(imported.map(({ requests, rejected }) => [requests, rejected]), [[told.length, 0]]);
  const [benchmark] = await root.build();
  equal(benchmark?.results.total_errors, 3);
  equal(benchmark?.verdicts.some(({ code }) => code === "server_errors"), true);
});

Deno.test("words for an error of any length are read in one go", () => {
  const long = 2 ** 20;
  for (const err of [" ".repeat(long) + "x", "0".repeat(long) + "x", `${" ".repeat(long)}no`]) {
    equal(isFailed({ err }), err.endsWith("x"));
  }
});

Deno.test("a failed line needs no tokens, rate or duration; one that succeeded needs its tokens", async () => {
  await using root = await importing();
  const failed = [{}, { err: 1 }, { tok: null, tps: null, dur: null }, {
    error_class: "timeout",
    err: undefined,
  }, {
    err: "timeout",
    error_msg: "it took 120 s",
  }];
  const lines = olderLines(20).map((line, index) => {
    const change = failed[index / 4];
    return change === undefined ? line : { t: line.t, n: line.n, err: true, ...change };
  });
  const without = { t: START + 99, n: 99, err: false };
  const { imported } = await root.take(goodFiles({ "results.jsonl": jsonl([...lines, without]) }));
  deepEqual(imported.map(({ requests, rejected }) => [requests, rejected]), [[20, 1]]);
  match(
    root.said.join("\n"),
    /results\.jsonl:21 was left out: tok: it is missing, and the request did not fail/,
  );
  const [benchmark] = await root.build();
  const { total_requests, total_errors, error_rate } = benchmark?.results ?? {};
  deepEqual([total_requests, total_errors, error_rate], [20, 5, 0.25]);
  deepEqual(benchmark?.verdicts.filter(({ severity }) => severity === "fatal").map(({ code }) => code), [
    "server_errors",
  ]);
  equal(benchmark?.results.avg_tokens_per_second, 100);
});

Deno.test("a line without sent_ns tells when its request ended: it began its duration before", async () => {
  await using root = await importing();
  await root.take(
    goodFiles({ "results.jsonl": jsonl(olderLines(2, (n) => ({ dur: n, t: START + 2 * n }))) }),
  );
  const [benchmark] = await root.build();
  equal(benchmark?.timestamp, "2026-01-02T03:04:06.000Z");
  equal(benchmark?.results.duration_seconds, 3);
  const rows = await root.rows(
    "SELECT epoch(sent_at)::INTEGER AS sent FROM read_parquet('$exported/requests.parquet/*') ORDER BY n",
  );
  deepEqual(rows.map(({ sent }) => Number(sent) - START), [1, 2]);
});

Deno.test("lines that repeat are told and count once, however they are written", async () => {
  await using root = await importing();
  const lines = olderLines();
  const again = lines.map((line) => JSON.stringify(Object.fromEntries(Object.entries(line).reverse())));
  const other = olderLines(1, () => ({ tps: 99 }));
  const { imported } = await root.take(goodFiles({
    "results.jsonl": jsonl(lines) + `${again.join("\n")}\n` + jsonl(other),
  }));
  deepEqual(imported.map(({ requests, rejected }) => [requests, rejected]), [[21, 20]]);
  match(
    root.said.join("\n"),
    /results\.jsonl: 20 lines were left out \(21, 22, 23 …\), the first because it repeats line 1/,
  );
  const [benchmark] = await root.build();
  equal(benchmark?.results.total_requests, 21);
});

/** A gpu.csv with this header, every `step` seconds. */
function gpuCsv(header: string, step: number, count: number, row: (time: string) => string): string {
  const rows = Array.from(
    { length: count },
    (_, n) => row(new Date((START + n * step) * 1000).toISOString()),
  );
  return `${[header, ...rows].join("\n")}\n`;
}

const HEADERS: Readonly<Record<string, (time: string) => string>> = {
  "ts,util,mem_used,mem_total,temp,power": (time) => `${time}, 97 %, 6000 MiB, 24564 MiB, 61, 312.5 W`,
  "time,gpu_util,vram_used,vram_total,gpu_temp,power_draw": (time) => `${time},97,6000,24564,61,312.5`,
  "timestamp, utilization.gpu [%], memory.used [MiB], memory.total [MiB], temperature.gpu, power.draw [W]": (
    time,
  ) => `${time}, 97 %, 6000 MiB, 24564 MiB, 61, 312.5 W`,
  "Timestamp,Utilization (%),Memory_Used (MiB),Memory_Total (MiB),Temperature (C),Power (W)": (time) =>
    `${time},97,6000,24564,61,312.5`,
};

for (const [header, row] of Object.entries(HEADERS)) {
  Deno.test(`a gpu.csv with the header ${header} is understood`, async () => {
    await using root = await importing();
    const { imported } = await root.take(goodFiles({ "gpu.csv": gpuCsv(header, 1, 60, row) }));
    equal(imported[0]?.rejected, 0);
    const [benchmark] = await root.build();
    const { avg_utilization_pct, avg_memory_used_mib, avg_temperature_c, avg_power_draw_w } =
      benchmark?.gpu_stats ?? {};
    deepEqual([avg_utilization_pct, avg_memory_used_mib, avg_temperature_c, avg_power_draw_w], [
      97,
      6000,
      61,
      312.5,
    ]);
  });
}

Deno.test("a sampling step that is kept throughout is no gap; a sample that is missing from it is one", async () => {
  const [header = "", row = () => ""] = Object.entries(HEADERS)[0] ?? [];
  const gaps = async (csv: string) => {
    await using root = await importing();
    await root.take(goodFiles({ "gpu.csv": csv }));
    const [benchmark] = await root.build();
    return benchmark?.verdicts.filter(({ code }) => code === "telemetry_gap").map((
      { value, limit },
    ) => [value, limit]);
  };
  const kept = gpuCsv(header, 5, 12, row);
  deepEqual(await gaps(kept), []);
  const missing = kept.split("\n").filter((_, index) => index !== 5).join("\n");
  deepEqual(await gaps(missing), [[10, 7.5]]);
  deepEqual(await gaps(gpuCsv(header, 30, 2, row)), [[30, 3]]);
});

Deno.test("a gpu.csv that names its time zone is read as it says, one in CR alone is left out by name", async () => {
  const [header = "", row = () => ""] = Object.entries(HEADERS)[0] ?? [];
  const elsewhere = (time: string) =>
    new Date(Date.parse(time) - 19_800_000).toISOString().replace("Z", "-05:30");
  const offset = gpuCsv(header, 1, 60, (time) => row(elsewhere(time)));
  const inCr = gpuCsv(header, 1, 60, row).replaceAll("\n", "\r");
  for (const [csv, power] of [[offset, 312.5], [inCr, null]] as const) {
    await using root = await importing();
    await root.take(goodFiles({ "gpu.csv": csv }));
    const [benchmark] = await root.build();
    deepEqual([benchmark?.gpu_stats.avg_power_draw_w, root.said.some((text) => /CR alone/.test(text))], [
      power,
      power === null,
    ]);
  }
});

Deno.test("words for a value that a driver does not have are null, and the other cells of the row count", async () => {
  await using root = await importing();
  const words = [
    "[N/A]",
    "[Not Found]",
    "[Unknown Error]",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "null",
    "None",
    "-",
    "Not Supported",
    "",
  ];
  const rows = words.map((word, n) =>
    `2026/01/02 03:04:${10 + n}.000, ${word}, 6000 MiB, 24564 MiB, 61, 312.5 W`
  );
  const { imported } = await root.take(goodFiles({ "gpu.csv": `${rows.join("\n")}\n` }));
  equal(imported[0]?.rejected, 0);
  const [benchmark] = await root.build();
  deepEqual([benchmark?.gpu_stats.avg_utilization_pct, benchmark?.gpu_stats.avg_power_draw_w], [null, 312.5]);
});

Deno.test("figures as other programs write them mean what they mean, and an odd one keeps nothing out", async () => {
  await using root = await importing();
  const hardware = { gpu_name: null, gpu_count: 0, cpu_model: "AMD EPYC" };
  await root.take(
    goodFiles({ "metadata.json": metadata({ hardware }).replace('"gpu_count":0', '"gpu_count":0.0') }),
    goodFiles({ "metadata.json": metadata({ model: { size: "inf" } }) }),
    goodFiles({ "results.jsonl": jsonl(olderLines(20, (n) => n === 3 ? { tps: 5e-324 } : {})) }),
  );
  const found = await root.build();
  deepEqual(found.map(({ hardware, results }) => [hardware.gpu_name, results.total_requests]).sort(), [
    ["AMD EPYC (CPU)", 20],
    ["NVIDIA GeForce RTX 4090", 20],
    ["NVIDIA GeForce RTX 4090", 20],
  ]);
});
