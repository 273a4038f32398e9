// Whatever a line holds, it is either used or rejected with a reason, and the builder agrees with the seal.
import { equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { Database } from "../../pipeline/lib/duckdb.ts";
import { sealRawDirectory } from "../../pipeline/lib/seal.ts";
import { directory, metadata, temporaryRoot } from "../fixtures.ts";

const ODD: unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  1e-300,
  1e300,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  "",
  "0",
  "1",
  "text",
  "grüße 日本 🙂",
  "a\u0000b",
  '"',
  "\\",
  "'; DROP TABLE benchmarks; --",
  [],
  [1],
  {},
  { a: 1 },
  "x".repeat(5000),
]; // deno-fmt-ignore
const KEYS = [
  "t", "n", "tok", "tps", "dur", "err", "error_msg", "error_class", "phase", "level", "prompt", "scheduled_ns", "sent_ns",
  "first_text_ns", "last_text_ns", "end_ns", "prompt_tok", "cached_tok", "frames", "stop", "http", "engine", "unknown",
]; // deno-fmt-ignore

/** The same numbers on every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 2147483648 * below);
  };
}

function oddLines(count: number): string[] {
  const random = generator(45);
  return Array.from({ length: count }, (_, n) => {
    const line: Record<string, unknown> = { t: 1767323045 + n, n, tok: 100, tps: 50, dur: 2, err: false };
    for (let change = random(4); change > 0; change--) {
      line[KEYS[random(KEYS.length)] ?? ""] = ODD[random(ODD.length)];
    }
    const text = JSON.stringify(line);
    return random(10) === 0 ? text.slice(0, random(text.length)) : text;
  });
}

Deno.test("every line of a hostile results.jsonl is counted once: used, rejected with a reason, or empty", async () => {
  await using root = await temporaryRoot();
  const lines = oddLines(3000);
  const dir = await directory(join(root.paths.raw, "r"), "e", {
    "results.jsonl": `${lines.join("\n")}\n`,
    "metadata.json": metadata(),
  });
  const sealed = await sealRawDirectory(dir, {
    run_id: "r",
    entry_id: "e",
    origin: "measured",
    provider: "p",
    location: null,
    price_per_hour: null,
    collected_at: "2026-01-01T00:00:00.000Z",
  });
  const empty = lines.filter((line) => line === "").length;
  equal(sealed.requests + sealed.rejected_lines.length + empty, lines.length);
  ok(sealed.requests > 500 && sealed.rejected_lines.length > 500);
  await buildData(root.paths, root.log);
  using db = await Database.inMemory();
  const [row] = await db.rows(
    "SELECT count(*)::INTEGER AS requests FROM read_parquet($glob)",
    { glob: join(root.paths.exported, "requests.parquet", "*.parquet") },
  );
  equal(row?.requests, sealed.requests);
});
