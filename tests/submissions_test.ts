// Submissions: what is taken, what is refused and why, and that nothing taken is lost.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { readCatalog } from "../pipeline/lib/catalog.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import type { Paths } from "../pipeline/paths.ts";
import { best, get } from "../pipeline/query/mod.ts";
import { BenchmarkAnswer } from "../pipeline/schema/api.ts";
import { SUBMISSION_EXAMPLE } from "../pipeline/schema/example.ts";
import { checkSubmission, Submissions } from "../pipeline/summaries/submit.ts";
import { cli } from "./e2e/cli.ts";
import { temporaryRoot } from "./fixtures.ts";

const NOW = new Date("2026-03-01T00:00:00Z");
/** The example with one value replaced, at a path such as `results.total_requests`; undefined takes it away. */
function changed(path: string, value: unknown): unknown {
  const copy: Record<string, unknown> = structuredClone(SUBMISSION_EXAMPLE);
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let inner = copy;
  for (const key of keys) inner = (inner[key] ??= {}) as Record<string, unknown>;
  if (value === undefined) delete inner[last];
  else inner[last] = value;
  return copy;
}

async function almanac(
  work: (submissions: Submissions, paths: Paths, build: () => Promise<Database>) => Promise<void>,
) {
  await using root = await temporaryRoot();
  let minutes = 0;
  const clock = () => new Date(NOW.getTime() + 60_000 * minutes++);
  const submissions = new Submissions(root.paths.submitted, await readCatalog(root.paths), { clock });
  await work(submissions, root.paths, async () => {
    await buildData(root.paths, root.log);
    return await Database.reading(root.paths.database);
  });
}

Deno.test("the specification's example is taken, and the next build answers with exactly what was answered", () =>
  almanac(async (submissions, paths, build) => {
    const submitted = await submissions.accept(SUBMISSION_EXAMPLE);
    ok("answer" in submitted && submitted.added);
    const { benchmark, cost_analysis } = BenchmarkAnswer.parse(submitted.answer);
    equal(benchmark.origin, "submitted");
    equal(benchmark.timestamp, "2026-03-01T00:00:00.000Z");
    equal(cost_analysis.tokens_per_dollar, 93.7 * 3600 / 0.44);
    equal(benchmark.gpu_stats.avg_power_draw_w, null);
    equal((await Deno.readTextFile(join(paths.submitted, "submissions.jsonl"))).split("\n").length, 2);
    using db = await build();
    deepEqual(await get(db, benchmark.id), submitted.answer);
    equal((await best(db, { model: "deepseek-r1:14b" }))?.benchmark.id, benchmark.id);
  }));

Deno.test("the same submission twice is kept once and answered the same", () =>
  almanac(async (submissions, paths) => {
    const first = await submissions.accept(SUBMISSION_EXAMPLE);
    const [second, third] = await Promise.all([
      submissions.accept(SUBMISSION_EXAMPLE),
      submissions.accept(SUBMISSION_EXAMPLE),
    ]);
    ok("answer" in first && "answer" in second && "answer" in third);
    deepEqual([first.added, second.added, third.added], [true, false, false]);
    deepEqual(second.answer, first.answer);
    equal((await Deno.readTextFile(join(paths.submitted, "submissions.jsonl"))).split("\n").length, 2);
  }));

Deno.test("submissions that come at once are all kept, each a whole line", () =>
  almanac(async (submissions, _paths, build) => {
    const all = Array.from({ length: 20 }, (_, n) => changed("results.avg_tokens_per_second", 40 + n));
    const submitted = await Promise.all(all.map((body) => submissions.accept(body)));
    ok(submitted.every((one) => "answer" in one));
    using db = await build();
    const [row] = await db.rows("SELECT count(*)::INTEGER AS n FROM benchmarks WHERE origin = 'submitted'");
    equal(row?.n, 20);
  }));

Deno.test("what a crash left of a line is cut off, and what was answered before stays", () =>
  almanac(async (submissions, paths, build) => {
    await submissions.accept(SUBMISSION_EXAMPLE);
    const file = join(paths.submitted, "submissions.jsonl");
    await Deno.writeTextFile(file, '{"received_at":"2026-03-01T00:0', { append: true });
    using before = await build();
    equal((await before.rows("FROM benchmarks")).length, 1);
    await submissions.accept(changed("results.avg_tokens_per_second", 80));
    using after = await build();
    equal((await after.rows("FROM benchmarks")).length, 2);
  }));

for (
  const [path, value, words] of [
    ["hardware.gpu_name", undefined, /^hardware\.gpu_name: it is missing$/],
    ["hardware.gpu_name", "RTX 9090", /^hardware\.gpu_name: unknown GPU "RTX 9090", nearest known: RTX 3090/],
    ["hardware.gpu_nam", "x", /^hardware: unknown key "gpu_nam", known: gpu_name/],
    ["hardware.gpu_memory_mib", 8192, /^hardware\.gpu_memory_mib: it is 8192, a RTX 4090 has 24576$/],
    ["model", undefined, /^model: it is missing$/],
    ["model.name", "unheard-of:9b", /^model\.size_gb: it is missing, and data\/catalog\/models\.json/],
    ["model.name", '<script>alert("x")</script>', /^model\.name: it has a character that is not taken/],
    ["model.name", "deepseek‐r1:14b", /^model\.name: it has a character that is not taken/],
    ["model.name", "x".repeat(300), /^model\.name: it has 300 characters, at most 200/],
    [
      "results.avg_tokens_per_second",
      -1,
      /^results\.avg_tokens_per_second: it is -1, it must be at least 0\.01$/,
    ],
    [
      "results.avg_tokens_per_second",
      "fast",
      /^results\.avg_tokens_per_second: it is "fast", it must be a n/,
    ],
    ["results.avg_tokens_per_second", NaN, /^results\.avg_tokens_per_second: it is NaN, it must be a number/],
    [
      "results.avg_tokens_per_second",
      1e300,
      /^results\.avg_tokens_per_second: it is 1e\+300, it must be at m/,
    ],
    [
      "results.avg_tokens_per_second",
      900,
      /it is 900, but 1008 GB\/s of memory bandwidth read 8\.99 GB of w/,
    ],
    ["results.min_tokens_per_second", 95, /^results\.min_tokens_per_second: it is 95, more than avg_tokens/],
    ["results.total_requests", 6.5, /^results\.total_requests: it is 6\.5, it must be a whole number$/],
    ["results.total_errors", 68, /^results\.total_errors: it is 68, more than total_requests with 67$/],
    ["results.error_rate", 0.5, /^results\.error_rate: 0\.5 of 67 requests is not total_errors, 0$/],
    [
      "gpu_stats.max_utilization_pct",
      400,
      /^gpu_stats\.max_utilization_pct: it is 400, it must be at most 100/,
    ],
    ["results.avg_tokens_per_second", 5e-324, /it is 5e-324, it must be at least 0\.01$/],
    ["results.min_tokens_per_second", 5e-324, /it is 5e-324, it must be 0 or at least 0\.000001$/],
    ["price_per_hour", 0, /^price_per_hour: it is 0, it must be at least 0\.001$/],
    ["price_per_hour", 1e-310, /^price_per_hour: it is 1e-310, it must be at least 0\.001$/],
    ["test_config.concurrent_reqs", 0.5, /^test_config\.concurrent_reqs: it is 0\.5, it must be at least 1$/],
    [
      "throughput_tokens_per_second",
      150,
      /it is 150 with 1 in flight, but 1008 GB\/s of memory bandwidth read 8\.99 GB/,
    ],
    ["note", "/".repeat(2 ** 20), /^note: it has 1048576 characters, at most 200 are taken$/],
    ["timestamp", "yesterday", /^timestamp: it is "yesterday", it must be a valid datetime$/],
    ["timestamp", "2027-01-01T00:00:00Z", /^timestamp: 2027-01-01T00:00:00Z lies in the future$/],
    ["test_config.concurrent_reqs", 8, /^throughput_tokens_per_second: it is missing/],
    ["note", "a\u0000b", /^note: it has a character that is not taken/],
  ] as const
) {
  Deno.test(`a submission whose ${path} is ${JSON.stringify(value)?.slice(0, 30)} is refused with its path and the reason`, async () => {
    await using root = await temporaryRoot();
    const checked = checkSubmission(changed(path, value), await readCatalog(root.paths), NOW);
    ok("faults" in checked);
    match(checked.faults[0] ?? "", words);
  });
}

Deno.test("median below the fastest and tokens that do not add up are all named at once, and nothing is kept", () =>
  almanac(async (submissions, paths) => {
    const results = {
      avg_tokens_per_second: 93.7,
      min_tokens_per_second: 99,
      p50_tokens_per_second: 90,
      total_requests: 67,
      total_tokens: 99_999,
      avg_tokens_per_request: 256,
    };
    const submitted = await submissions.accept(changed("results", results));
    ok("faults" in submitted);
    deepEqual(submitted.faults, [
      "results.min_tokens_per_second: it is 99, more than p50_tokens_per_second with 90",
      "results.min_tokens_per_second: it is 99, more than avg_tokens_per_second with 93.7",
      "results.total_tokens: it is 99999, but 67 successful requests of 256 tokens are 17152",
    ]);
    await Deno.stat(paths.submitted).then(() => ok(false, "something was written"), () => undefined);
  }));

Deno.test("all requests in flight are at most so much faster than each as there are many", async () => {
  await using root = await temporaryRoot();
  const catalog = await readCatalog(root.paths);
  const faultsOf = (throughput_tokens_per_second: number, avg_tokens_per_second = 60) => {
    const results = { avg_tokens_per_second };
    const test_config = { concurrent_reqs: 16 };
    const body = { ...SUBMISSION_EXAMPLE, results, test_config, throughput_tokens_per_second };
    const checked = checkSubmission(body, catalog, NOW);
    return "faults" in checked ? checked.faults.join("; ") : "it was taken";
  };
  equal(faultsOf(16 * 60), "it was taken");
  match(
    faultsOf(1500),
    /^throughput_tokens_per_second: it is 1500, more than 1\.5 × 16 requests in flight with 60/,
  );
  match(faultsOf(1e9), /^throughput_tokens_per_second: it is 1000000000 with 16 in flight, but 1008 GB\/s/);
  match(faultsOf(16 * 60, 900), /^results\.avg_tokens_per_second: it is 900, but 1008 GB\/s/);
});

/** The stored line of a body, with one part of its text replaced. */
async function storedLine(paths: Paths, body: unknown, from = "", to = ""): Promise<string> {
  const checked = checkSubmission(body, await readCatalog(paths), NOW);
  ok("line" in checked);
  return `${JSON.stringify(checked.line).replace(from, to)}\n`;
}

Deno.test("stored lines that were damaged, edited or repeated are left out by name; the others are built, and taken anew", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  const file = join(paths.submitted, "submissions.jsonl");
  const body = (tps: number) => changed("results.avg_tokens_per_second", tps);
  const lines = [
    await storedLine(paths, body(81)),
    await storedLine(paths, body(82), '"price_per_hour":0.44', '"price_per_hour":1e-310'),
    await storedLine(paths, body(83), '"avg_tokens_per_second":83', '"avg_tokens_per_second":90000'),
    await storedLine(paths, body(81)),
    await storedLine(paths, body(84), "{", ""),
  ];
  await Deno.mkdir(paths.submitted, { recursive: true });
  await Deno.writeTextFile(file, lines.join(""));
  const build = async () => {
    const { notices } = await buildData(paths, root.log);
    using db = await Database.reading(paths.database);
    const [row] = await db.rows(
      "SELECT list(avg_tokens_per_second ORDER BY id) AS speeds FROM benchmarks WHERE origin = 'submitted'",
    );
    return { notices: notices.map((notice) => notice.replace(paths.submitted, "")), count: row?.speeds };
  };
  const first = await build();
  deepEqual(first.notices.map((notice) => notice.slice(0, 75)), [
    "/submissions.jsonl:2 is left out: submission.price_per_hour: it is 1e-310, ",
    "/submissions.jsonl:3 is left out: results.avg_tokens_per_second: it is 9000",
    "/submissions.jsonl:4 is left out: it repeats line 1",
    "/submissions.jsonl:5 is left out: it is not JSON",
  ]);
  const submissions = new Submissions(paths.submitted, await readCatalog(paths), { clock: () => NOW });
  for (const tps of [81, 82, 83, 84]) {
    const submitted = await submissions.accept(body(tps));
    ok("answer" in submitted);
    equal(submitted.added, tps !== 81);
  }
  using db = await (await build(), Database.reading(paths.database));
  equal((await db.rows("FROM benchmarks WHERE origin = 'submitted'")).length, 4);
});

Deno.test("nothing that was added is lost to bytes that are no text", () =>
  almanac(async (submissions, paths, build) => {
    await submissions.accept(SUBMISSION_EXAMPLE);
    const file = join(paths.submitted, "submissions.jsonl");
    const bad = Uint8Array.from([
      ...new TextEncoder().encode('{"bad":"'),
      0xff,
      0xfe,
      0xff,
      0x22,
      0x7d,
      0x0a,
    ]);
    await Deno.writeFile(file, bad, { append: true });
    await submissions.accept(changed("results.avg_tokens_per_second", 80));
    await submissions.accept(changed("results.avg_tokens_per_second", 81));
    using db = await build();
    equal((await db.rows("FROM benchmarks")).length, 3);
  }));

Deno.test("what is no plain file is neither waited for nor read: the rest is built, and nothing is added to it", async () => {
  for (const make of [(path: string) => Deno.mkdir(path), mkfifo]) {
    await using root = await temporaryRoot();
    const path = join(root.paths.submitted, "submissions.jsonl");
    await Deno.mkdir(root.paths.submitted, { recursive: true });
    await make(path);
    const { notices } = await buildData(root.paths, root.log);
    match(notices.join(), /submissions\.jsonl is left out: it is (a folder|no plain file)$/);
    const submissions = new Submissions(root.paths.submitted, await readCatalog(root.paths));
    await rejects(submissions.accept(SUBMISSION_EXAMPLE), /^UserError: Cannot add to .*: it is (a f|no p)/);
  }
});

Deno.test("submit waits for no pipe", async () => {
  await using root = await temporaryRoot();
  const pipe = join(root.paths.root, "pipe.json");
  await mkfifo(pipe);
  const refused = await cli("submit", pipe, "--root", root.paths.root);
  equal(refused.code, 2);
  match(refused.err, /Cannot read .*pipe\.json: it is no plain file/);
});

async function mkfifo(path: string): Promise<void> {
  equal((await new Deno.Command("mkfifo", { args: [path] }).output()).code, 0);
}

Deno.test("a mixture of experts may be faster than its whole size allows", async () => {
  await using root = await temporaryRoot();
  const catalog = await readCatalog(root.paths);
  const body = {
    ...SUBMISSION_EXAMPLE,
    model: { name: "qwen3:30b", runtime: "ollama" },
    results: { avg_tokens_per_second: 180 },
  };
  ok("line" in checkSubmission(body, catalog, NOW));
  const whole = catalog.models.map(({ active_parameters: _, ...model }) => model);
  ok("faults" in checkSubmission(body, { ...catalog, models: whole }, NOW));
});

Deno.test("submit tells every fault of a file, takes a good one, and says what comes next", async () => {
  await using root = await temporaryRoot();
  const file = join(root.paths.root, "result.json");
  await Deno.writeTextFile(file, JSON.stringify(changed("price_per_hour", -1)));
  const refused = await cli("submit", file, "--root", root.paths.root);
  equal(refused.code, 2);
  match(refused.err, /result\.json:\n {2}price_per_hour: it is -1, it must be at least 0\.001\nIts form: /);
  await Deno.writeTextFile(file, JSON.stringify(SUBMISSION_EXAMPLE));
  const taken = await cli("submit", file, "--root", root.paths.root);
  equal(taken.code, 0, taken.err);
  match(taken.out, /origin {9}submitted\n/);
  match(taken.out, /Added\. `deno task build-data` takes it into the tables\.\n$/);
  match((await cli("submit", file, "--root", root.paths.root)).out, /It was there already/);
});
