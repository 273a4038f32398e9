// Ten thousand bodies made from a good one: what is taken is valid and is built; all else is refused with its faults, and kept nowhere.
import { deepEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { readCatalog } from "../../pipeline/lib/catalog.ts";
import { Database } from "../../pipeline/lib/duckdb.ts";
import { Submission, type SubmissionLine } from "../../pipeline/schema/summary.ts";
import { checkSubmission } from "../../pipeline/summaries/submit.ts";
import { temporaryRoot } from "../fixtures.ts";

const BODIES = 10_000;
const NOW = new Date("2026-03-01T00:00:00Z");
const GOOD = {
  timestamp: "2026-02-01T00:00:00Z",
  hardware: { gpu_name: "NVIDIA GeForce RTX 4090", gpu_memory_mib: 24_564, gpu_count: 1, ram_gib: 64 },
  model: { name: "deepseek-r1:14b", runtime: "ollama", quantization: "Q4_K_M", size_gb: 8.99 },
  test_config: { max_tokens: 256, concurrent_reqs: 1, prompt_types: ["coding"] },
  results: {
    total_requests: 67,
    total_tokens: 17_152,
    total_errors: 0,
    avg_tokens_per_second: 93.7,
    min_tokens_per_second: 90,
    p50_tokens_per_second: 94,
    max_tokens_per_second: 97,
    avg_tokens_per_request: 256,
    error_rate: 0,
  },
  gpu_stats: { avg_utilization_pct: 90, max_utilization_pct: 99 },
  provider: "tensordock",
  location: "US",
  price_per_hour: 0.44,
};
const VALUES: readonly unknown[] = [
  undefined,
  null,
  0,
  -1,
  1,
  2,
  0.5,
  93,
  1e9,
  1e15,
  1e300,
  -1e300,
  NaN,
  Infinity,
  "",
  "x",
  "93.7",
  "RTX 3090",
  "H100",
  "qwen2:7b",
  "RTX 4090 Ti",
  "ollama'; DROP TABLE benchmarks; --",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "../../etc/passwd",
  "ｄeepseek",
  "dееpseek-r1:14b",
  "a\u0000b",
  "\u202egnp",
  "\ud800",
  "x".repeat(201),
  true,
  [],
  {},
  [[[]]],
  { gpu_name: 1 },
  "2026-02-30T00:00:00Z",
  "2026-01-01T00:00:00+02:00",
  "9999-12-31T23:59:59Z",
];
const KEYS = ["__proto__", "constructor", "id", "origin", "extra", "gpu", "verdicts"];

/** Marsaglia's xorshift: the same bodies on every run. */
function generator(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % most;
  };
}

/** The good body with one to three places replaced, taken away, or added. */
function mutated(below: (most: number) => number): unknown {
  const body: Record<string, unknown> = structuredClone(GOOD);
  for (let n = 1 + below(3); n > 0; n--) {
    let place = body;
    let keys = Object.keys(place);
    let key = keys[below(keys.length)] ?? "";
    while (below(3) > 0 && isObject(place[key])) {
      place = place[key] as Record<string, unknown>;
      keys = Object.keys(place);
      key = keys[below(keys.length)] ?? "";
    }
    if (below(8) === 0) key = KEYS[below(KEYS.length)] ?? "";
    const old = place[key];
    const value = typeof old === "number" && below(2) === 0
      ? old * ([0.9, 1.01, 1.2, 3, 1000][below(5)] ?? 1)
      : structuredClone(VALUES[below(VALUES.length)]);
    Object.defineProperty(place, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return below(50) === 0 ? VALUES[below(VALUES.length)] : body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

Deno.test(`${BODIES} bodies: what is taken is plain, in form and built; every other has its faults named`, async () => {
  await using root = await temporaryRoot();
  const catalog = await readCatalog(root.paths);
  const below = generator(20260301);
  const taken = new Map<string, SubmissionLine>();
  let refused = 0;
  for (let n = 0; n < BODIES; n++) {
    const body = mutated(below);
    const checked = checkSubmission(body, catalog, NOW);
    if ("faults" in checked) {
      ok(
        checked.faults.length > 0 && checked.faults.every((fault) => fault.length > 10),
        JSON.stringify(body),
      );
      refused += 1;
      continue;
    }
    const { line } = checked;
    const text = JSON.stringify(line);
    deepEqual(
      JSON.parse(JSON.stringify(Submission.parse(JSON.parse(text).submission))),
      JSON.parse(text).submission,
    );
    ok(/^[\x20-\x7e]*$/.test(text) && !/[<>`\\]/.test(text), text);
    taken.set(line.evidence_id, line);
  }
  ok(refused > BODIES / 2 && taken.size > 200, `${refused} refused, ${taken.size} taken`);
  await Deno.mkdir(root.paths.submitted, { recursive: true });
  await Deno.writeTextFile(
    join(root.paths.submitted, "submissions.jsonl"),
    [...taken.values()].map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  await buildData(root.paths, root.log);
  using db = await Database.reading(root.paths.database);
  const [built] = await db.rows(`
    SELECT count(*)::INTEGER AS results, count(DISTINCT id)::INTEGER AS ids,
      count(*) FILTER (origin = 'submitted' AND NOT fatal AND avg_tokens_per_second > 0)::INTEGER AS sound
    FROM benchmarks`);
  deepEqual(built, { results: taken.size, ids: taken.size, sound: taken.size });
});
