// Lines and files that the database cannot read: rejected at the door with file, line and reason; the rest counts, and every later import
// and build of the root works.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { jsonl, metadata } from "./fixtures.ts";
import { type Files, goodFiles, importing, olderLines, START } from "./imported.ts";

const LINE = '{"t":1767323050,"n":7,"tok":256,"tps":100,"dur":2.7,"err":false';

function raw(...parts: (string | number)[]): Uint8Array {
  const bytes = parts.map((part) =>
    typeof part === "number" ? Uint8Array.of(part) : new TextEncoder().encode(part)
  );
  return new Uint8Array(bytes.flatMap((each) => [...each]));
}

/** Twenty good lines, of which the seventh is `line`. */
function seventh(line: string | Uint8Array): string | Uint8Array {
  const lines = olderLines().map((each) => JSON.stringify(each));
  const [before, after] = [lines.slice(0, 6).join("\n"), lines.slice(7).join("\n")];
  return typeof line === "string"
    ? `${before}\n${line}\n${after}\n`
    : raw(`${before}\n`, ...line, `\n${after}\n`);
}

const BROKEN: Readonly<Record<string, readonly [line: string | Uint8Array, reason: RegExp]>> = {
  "half a character": [`${LINE},"error_msg":"bad \\ud83d token"}`, /error_msg: it holds half a character/],
  "half a character in what nobody reads": [`${LINE},"note":{"a":"\\udc00"}}`, /note\.a: it holds half/],
  "half a character in a key": [`${LINE},"k\\ud83d":1}`, /a key holds half a character/],
  "bytes that are no UTF-8": [raw(`${LINE},"error_msg":"`, 0xff, 0xfe, '"}'), /it is not UTF-8/],
  "half a character in bytes": [raw(`${LINE},"error_msg":"`, 0xed, 0xa0, 0xbd, '"}'), /it is not UTF-8/],
  "the same key twice": [LINE.replace('"tok":256', '"tok":1,"tok":256') + "}", /two values for tok/],
  "the same key twice inside": [`${LINE},"engine":{"total_ns":1,"total_ns":2}}`, /two values for total_ns/],
  "a number beyond a double": [`${LINE},"note":1e400}`, /note: its number is too large/],
  "a count beyond its column": [LINE.replace('"tok":256', '"tok":1e30') + "}", /tok: /],
  "more tokens in a span than in all": [
    `${LINE},"decode_tok":257}`,
    /decode_tok: it is 257, more than tok with 256/,
  ],
  "a time beyond its column": [`${LINE},"sent_ns":9223372036854775808}`, /sent_ns: /],
  "values without end": [`${LINE},"note":${"[".repeat(999)}${"]".repeat(999)}}`, /nested more than 32/],
  "a space that JSON does not know": ["\u00a0", /it is not JSON/],
  "line ends of CR alone": [`${LINE}}\r${LINE}}`, /it is not JSON/],
  "a mark of order in the middle": [`\uFEFF${LINE}}`, /it is not JSON/],
  "zeros that a crash left": [`\u0000\u0000\u0000`, /it is not JSON/],
  "more bytes than any request takes": [`${LINE},"error_msg":"${"x".repeat(17 * 2 ** 20)}"}`, /longer than/],
};

Deno.test("each broken line is rejected by file, line and reason; 19 requests count; all builds work", async (test) => {
  await using root = await importing();
  for (const [what, [line, reason]] of Object.entries(BROKEN)) {
    await test.step(what, async () => {
      root.said.length = 0;
      const files = goodFiles({
        "results.jsonl": seventh(line),
        "metadata.json": JSON.stringify({ ...JSON.parse(metadata()), hostname: what }),
      });
      const { imported, refused } = await root.take(files);
      deepEqual(refused, []);
      deepEqual(imported.map(({ requests, rejected }) => [requests, rejected]), [[19, 1]]);
      const told = root.said.filter((text) => text.includes("results.jsonl:7 was left out"));
      equal(told.length, 1, root.said.join("\n"));
      match(told[0] ?? "", reason);
    });
  }
  const benchmarks = await root.build();
  deepEqual(benchmarks.map(({ results }) => results.total_requests), Object.keys(BROKEN).map(() => 19));
  await root.take(goodFiles());
  equal((await root.build()).length, Object.keys(BROKEN).length + 1);
});

const plain = metadata();

const REFUSED: Readonly<Record<string, readonly [files: Files, reason: RegExp]>> = {
  "half a character": [
    { "metadata.json": plain.replace('"host"', '"bo\\ud83d"') },
    /hostname: .*half a char/,
  ],
  "bytes that are no UTF-8": [
    { "metadata.json": raw(plain.slice(0, -1), ',"x":"', 0xff, '"}') },
    /not UTF-8/,
  ],
  "the same key twice": [
    { "metadata.json": plain.replace('"cpu_cores":16', '"cpu_cores":16,"cpu_cores":4') },
    /two values for cpu_cores/,
  ],
  "a count beyond its column": [
    { "metadata.json": metadata({ hardware: { cpu_cores: 1e30 } }) },
    /hardware\.cpu_cores: it is 1e\+30, it must be at most 100000/,
  ],
  "a count of GPUs beyond its column": [
    { "metadata.json": metadata({ hardware: { gpu_count: 3e9 } }) },
    /gpu_count/,
  ],
  "a limit of tokens beyond its column": [
    { "metadata.json": metadata({ test_config: { max_tokens: 1e30 } }) },
    /test_config\.max_tokens: it is 1e\+30/,
  ],
  "warm-up without end": [
    { "metadata.json": metadata({ test_config: { warmup_requests: 4e9 } }) },
    /warmup_requests/,
  ],
  "threads without end": [
    {
      "metadata.json": metadata({
        summary: {
          levels: [{
            level: 1,
            started_at: "x",
            window_seconds: 1,
            planned_seconds: 1,
            interrupted: false,
            client: { loop_lag_p50_ms: 1, loop_lag_p99_ms: 1, cpu_pct: 1, shards: 3e9 },
          }],
        },
      }),
    },
    /shards/,
  ],
  "a start without a time": [
    { "metadata.json": plain.replace('"2026-01-02T03:04:05Z"', '"infinity"') },
    /started_at: it is no time of this age/,
  ],
  "an end in another age": [
    { "metadata.json": plain.replace('"2026-01-02T03:09:05Z"', '"290000-01-01"') },
    /completed_at: it is no time of this age/,
  ],
  "a day and more": [
    { "metadata.json": metadata({ test_config: { duration_seconds: 100_000 } }) },
    /duration_seconds: it is 100000, it must be at most 86400/,
  ],
  "a number beyond a double": [
    { "metadata.json": plain.replace('"cpu_cores":16', '"cpu_cores":16,"x":1e999') },
    /its number is too large/,
  ],
  "a name with a control character": [
    { "metadata.json": metadata({ model: { name: "qwen\u0007:7b" } }) },
    /model\.name: .*U\+0007/,
  ],
  "a GPU whose name is written backwards": [
    { "metadata.json": metadata({ hardware: { gpu_name: "RTX \u202e0904" } }) },
    /hardware\.gpu_name: .*U\+202E/,
  ],
  "a runtime with a line break": [
    { "metadata.json": metadata({ model: { runtime: "a\nb" } }) },
    /runtime: .*U\+000A/,
  ],
  "a name of a megabyte": [
    { "metadata.json": metadata({ model: { name: "x".repeat(2 ** 20) } }) },
    /model\.name: /,
  ],
  "line ends of an old kind": [
    { "results.jsonl": jsonl(olderLines()).replaceAll("\n", "\r") },
    /no usable line \(line 1: it is not JSON: it holds line ends of CR alone\)/,
  ],
  "levels without end": [
    { "results.jsonl": jsonl(olderLines(2000, (n) => ({ level: n }))) },
    /it tells of more than 256 load levels/,
  ],
  "more lines than any measurement has": [
    { "results.jsonl": jsonl(olderLines()) + "\n".repeat(1_000_000) },
    /it has more than 1,000,000 lines/,
  ],
  "more broken lines than are told": [
    { "results.jsonl": "x\n".repeat(10_001) + jsonl(olderLines()) },
    /more than 10,000 of its lines cannot be used \(line 1: it is not JSON\)/,
  ],
};

Deno.test("each directory of which nothing can be made is refused by name; the others of the batch come in", async (test) => {
  await using root = await importing();
  const { imported, refused } = await root.take(
    ...Object.values(REFUSED).map(([files]) => goodFiles(files)),
    goodFiles(),
  );
  for (const [index, [what, [, reason]]] of Object.entries(REFUSED).entries()) {
    await test.step(what, () => {
      const dir = join(root.paths.root, "in", `bench_${index + 1}`);
      const found = refused.find((each) => each.dir === dir)?.reason ?? "it was taken";
      match(found, reason);
      ok(!found.includes(".partial"), found);
    });
  }
  equal(imported.length, 1);
  equal((await root.build()).length, 1);
});

Deno.test("directories that cannot be read are refused by name; the others of the batch come in", async () => {
  await using root = await importing();
  const inbox = join(root.paths.root, "in");
  await Deno.mkdir(inbox, { recursive: true });
  await Deno.symlink(join(inbox, "loop"), join(inbox, "loop"));
  await Deno.writeTextFile(join(inbox, "file"), "words");
  const odd = join(inbox, "odd");
  await Deno.mkdir(join(odd, "results.jsonl"), { recursive: true });
  await Deno.writeTextFile(join(odd, "metadata.json"), metadata());
  const piped = join(inbox, "piped");
  await Deno.mkdir(piped);
  await Deno.writeTextFile(join(piped, "metadata.json"), metadata());
  await new Deno.Command("mkfifo", { args: [join(piped, "results.jsonl")] }).output();
  const bad = [join(inbox, "loop"), join(inbox, "file"), odd, piped, join(inbox, "none"), "\u0000"];
  const { imported, refused } = await root.take(...bad, goodFiles());
  deepEqual(refused.map(({ dir }) => dir), bad);
  for (const { dir, reason } of refused) match(reason, /^Cannot .+\. .+/, dir);
  match(refused[2]?.reason ?? "", /results\.jsonl: it is a folder/);
  match(refused[3]?.reason ?? "", /results\.jsonl: it is no plain file/);
  equal(imported.length, 1);
  deepEqual(
    [...Deno.readDirSync(join(root.paths.raw, imported.length === 1 ? runOf(root.paths.raw) : ""))].length,
    1,
  );
});

function runOf(raw: string): string {
  return [...Deno.readDirSync(raw)].map(({ name }) => name)[0] ?? "";
}

Deno.test("broken lines of the other files are left out by line, and their good lines count", async () => {
  await using root = await importing();
  const chunk = (n: number) =>
    JSON.stringify({ n, level: 1, phase: "measure", first_ns: 1, gaps_us: [9, 9] });
  const { imported } = await root.take(goodFiles({
    "chunks.jsonl": `${
      chunk(1)
    }\n{"n":2,"level":1,"phase":"measure","first_ns":1,"gaps_us":[1],"gaps_us":[2]}\n${chunk(3)}\n${
      chunk(3)
    }\n`,
    "server.jsonl": '{"t":1,"at_ns":1,"level":1,"phase":"measure","running":1e400}\n',
    "gpu.csv": raw(
      "2026/01/02 03:04:05.000, 95, 20000, 24576, 60, 300\r\n",
      "2026/01/02 03:04:06.000, 95, 20000, 24576, 60, 300\n",
      "2026/01/02 03:04:07.000, ",
      0xff,
      ", 20000, 24576, 60, 300\n2026/01/02 03:04:08.000, 95\r, 20000, 24576, 60, 300\n",
      "2026/13/45 03:04:09.000, 95, 20000, 24576, 60, 300\n",
      `2026/01/02 03:04:09.000, 95, 20000, 24576, 60, ${"9".repeat(400)}\n`,
      "2026/01/02 03:04:10.000, 95, 20000, 24576, 60, -300\n \t\n",
    ),
    "calibration.json": '{"calibrated_at":"x","calibrated_at":"y"}',
  }));
  equal(imported[0]?.rejected, 9);
  const said = root.said.join("\n");
  match(said, /chunks\.jsonl:2 was left out: it has two values for gaps_us/);
  match(said, /chunks\.jsonl:4 was left out: it tells of request 3 again/);
  match(said, /server\.jsonl:1 was left out: .*too large/);
  match(said, /gpu\.csv:3 was left out: it is not UTF-8/);
  match(said, /gpu\.csv:4 was left out: .*line end/);
  match(said, /gpu\.csv:5 was left out: its timestamp is "2026\/13\/45 03:04:09\.000"/);
  match(said, /gpu\.csv: 2 lines were left out \(6, 7\), the first because its power_w is "999/);
  match(said, /calibration\.json:1 was left out: it has two values for calibrated_at/);
  await root.build();
  deepEqual(
    await root.rows("SELECT count(*)::INTEGER AS n FROM read_parquet('$exported/gpu_samples.parquet/*')"),
    [{
      n: 2,
    }],
  );
  deepEqual(
    await root.rows("SELECT count(*)::INTEGER AS n FROM read_parquet('$exported/chunks.parquet/*')"),
    [{
      n: 2,
    }],
  );
});

Deno.test("hundreds of broken lines of a kind are one sentence; the exact list stays in the seal", async () => {
  await using root = await importing();
  const bad = Array.from({ length: 598 }, (_, n) => `{"t":${START + n},"n":${n},"tok":-${n + 1},"dur":1}\n`);
  const { imported } = await root.take(
    goodFiles({ "results.jsonl": jsonl(olderLines()) + bad.join("") + "oops\n" }),
  );
  equal(imported[0]?.rejected, 599);
  const warnings = root.said.filter((text) => text.includes("left out"));
  equal(warnings.length, 2, warnings.join("\n"));
  match(
    warnings[0] ?? "",
    /results\.jsonl: 598 lines were left out \(21, 22, 23 …\), the first because tok: it is -1, it must be at least 0/,
  );
  match(warnings[1] ?? "", /results\.jsonl:619 was left out: it is not JSON/);
  const dir = join(root.paths.raw, runOf(root.paths.raw), imported[0]?.entry_id ?? "");
  const { rejected_lines } = JSON.parse(await Deno.readTextFile(join(dir, "provenance.json")));
  equal(rejected_lines.length, 599);
  deepEqual(rejected_lines[1], {
    file: "results.jsonl",
    line: 22,
    reason: "tok: it is -2, it must be at least 0",
  });
});

Deno.test("an optional file with more broken lines than are told is left out whole", async () => {
  await using root = await importing();
  const { imported } = await root.take(goodFiles({ "gpu.csv": "words\n".repeat(10_500) }));
  equal(imported[0]?.rejected, 1);
  match(root.said.join("\n"), /gpu\.csv:1 was left out: more than 10,000 of its lines cannot be used/);
  equal((await root.build())[0]?.gpu_stats.avg_power_draw_w, null);
});

Deno.test("a gpu.csv of more columns than any driver has is left out whole", async () => {
  await using root = await importing();
  const { imported } = await root.take(goodFiles({ "gpu.csv": `timestamp${",".repeat(1000)}\n` }));
  equal(imported[0]?.rejected, 1);
  match(root.said.join("\n"), /gpu\.csv:1 was left out: it has 1001 columns, at most 1000 are read/);
  equal((await root.build()).length, 1);
});
