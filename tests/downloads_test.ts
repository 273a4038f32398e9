// The files for download: CSV says what the tables say, and every SQL example of the Data page runs over them.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Database, quote } from "../pipeline/lib/duckdb.ts";
import type { Paths } from "../pipeline/paths.ts";
import { standing } from "./almanac.ts";
import { jsonl, metadata, plainLine, sealed } from "./fixtures.ts";

const EXAMPLES = join(dirname(dirname(fileURLToPath(import.meta.url))), "site", "src", "sql", "examples");
const HOSTILE = `a "model", with\nall 'kinds'`;
const names = [...Deno.readDirSync(EXAMPLES)].map(({ name }) => name).sort();

/** Times of a request that is due `second` s after the start. */
function timesOf(second: number) {
  const at = (offset: number) => Math.round((second + offset) * 1e9);
  return {
    scheduled_ns: at(0),
    sent_ns: at(0),
    first_frame_ns: at(0.1),
    first_text_ns: at(0.1),
    last_text_ns: at(1.2),
    end_ns: at(1.2),
  };
}

const built = await standing(async (paths) => {
  const lines = Array.from({ length: 12 }, (_, n) => ({ ...plainLine(n, n * 2, 90), ...timesOf(n * 2) }));
  const chunks = lines.map((_, n) => ({ n, level: 1, phase: "measure", first_ns: 0, gaps_us: [10_000] }));
  for (const name of ["qwen2:7b", HOSTILE]) {
    const files = {
      "results.jsonl": jsonl(lines),
      "chunks.jsonl": jsonl(chunks),
      "metadata.json": metadata({ model: { name } }),
    };
    await sealed(paths, "run", name === HOSTILE ? "hostile" : "plain", files);
  }
});

/** Asks a database in which the almanac's files are found as from their own folder. */
async function downloads(ask: (db: Database, paths: Paths) => Promise<void>): Promise<void> {
  await built(async (_, paths) => {
    using db = await Database.inMemory({ file_search_path: paths.exported });
    await db.run(`ATTACH ${quote(paths.database)} AS almanac (READ_ONLY); USE almanac`);
    await ask(db, paths);
  });
}

Deno.test("benchmarks.csv has every column and every benchmark of the table, lists and structs as JSON text", () =>
  downloads(async (db) => {
    const csv = "read_csv('benchmarks.csv', all_varchar = true)";
    const columns = async (source: string) =>
      (await db.rows(`SELECT column_name FROM (DESCRIBE FROM ${source})`)).map(({ column_name }) =>
        column_name
      );
    deepEqual(await columns(csv), await columns("benchmarks"));
    const [row] = await db.rows(
      `SELECT csv.*, benchmarks.rate_tokens_per_second AS expected FROM ${csv} AS csv JOIN benchmarks USING (id)
       WHERE csv.model_name = $name`,
      { name: HOSTILE },
    );
    equal(Number(row?.rate_tokens_per_second), row?.expected);
    match(String(row?.started_at), /^2026-01-02T03:04:05\.\d{3}Z$/);
    ok(JSON.parse(String(row?.files)).includes("results.jsonl"));
    ok(Array.isArray(JSON.parse(String(row?.verdicts))));
  }));

Deno.test("benchmark_manifest.csv is there before anything has run, with its heads alone", () =>
  downloads(async (_db, { exported }) => {
    match(await Deno.readTextFile(join(exported, "benchmark_manifest.csv")), /^id,run_id,entry_id,[^\n]*\n$/);
  }));

for (const name of names) {
  Deno.test(`the SQL example ${name} has a title and runs`, () =>
    downloads(async (db) => {
      const text = await Deno.readTextFile(join(EXAMPLES, name));
      match(text, /^-- [A-Z].+ \((almanac\.duckdb|Parquet|CSV)\)\n[A-Z]/);
      const rows = await db.rows(text);
      ok(rows.length > 0 || /failed|memory|machines/.test(name), "no row");
    }));
}

Deno.test("there is an example for each form of the data", async () => {
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(join(EXAMPLES, name))));
  for (const form of ["(almanac.duckdb)", "(Parquet)", "(CSV)"]) {
    ok(texts.some((text) => text.split("\n")[0]?.endsWith(form)), form);
  }
});
