// The files for download: CSV says what the tables say, and every SQL example of the Data page runs over them.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Database, quote } from "../pipeline/lib/duckdb.ts";
import type { Paths } from "../pipeline/paths.ts";
import { mayHoldFormula } from "../pipeline/schema/formula.ts";
import { standing } from "./almanac.ts";
import { jsonl, metadata, plainLine, sealed } from "./fixtures.ts";

const EXAMPLES = join(dirname(dirname(fileURLToPath(import.meta.url))), "site", "src", "sql", "examples");
const HOSTILE = `a "model", with all 'kinds'`;
/** What a spreadsheet takes for formulas. */
const FORMULAS = ['=HYPERLINK("http://x.test","y")', "+1-1", "-2+3", "@SUM(A1)", "＝1", "＋1"];
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
  const lines = Array.from(
    { length: 12 },
    (_, n) => ({ ...plainLine(n, n * 2 - 1.2, 90, 1.2), ...timesOf(n * 2) }),
  );
  const chunks = lines.map((_, n) => ({ n, level: 1, phase: "measure", first_ns: 0, gaps_us: [10_000] }));
  for (const [index, name] of ["qwen2:7b", HOSTILE, ...FORMULAS].entries()) {
    const files = {
      "results.jsonl": jsonl(lines),
      "chunks.jsonl": jsonl(chunks),
      "metadata.json": metadata({ model: { name } }),
    };
    await sealed(paths, "run", `e${index}`, files, { provider: name === "-2+3" ? "@cmd" : "vastai" });
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

Deno.test("a text cell that a spreadsheet would take for a formula is text in CSV; numbers and the other forms are as they are", () =>
  downloads(async (db, { exported }) => {
    for (const formula of FORMULAS) {
      const where = "WHERE model_name = $name";
      const rows = await db.rows(`SELECT avg_tokens_per_second FROM benchmarks ${where}`, { name: formula });
      const parquet = await db.rows(`SELECT count(*)::INTEGER AS n FROM 'benchmarks.parquet' ${where}`, {
        name: formula,
      });
      const csv = await db.rows(
        `SELECT * FROM read_csv('benchmarks.csv', all_varchar = true) ${where}`,
        { name: `'${formula}` },
      );
      deepEqual([rows.length, parquet, csv.length], [1, [{ n: 1 }], 1], formula);
      equal(Number(csv[0]?.avg_tokens_per_second), rows[0]?.avg_tokens_per_second);
    }
    const text = await Deno.readTextFile(join(exported, "benchmarks.csv"));
    ok(text.includes(",'@cmd,") && !text.includes(",@cmd,"));
    const { benchmarks } = JSON.parse(
      await Deno.readTextFile(join(exported, "api", "v1", "benchmarks.json")),
    );
    ok(benchmarks.some(({ provider }: { provider: string }) => provider === "@cmd"));
    for (const { name } of [...Deno.readDirSync(exported)].filter((item) => item.name.endsWith(".csv"))) {
      for (const line of (await Deno.readTextFile(join(exported, name))).split("\n").slice(1)) {
        ok(!/(^|,)"?[=+@\t\r＝＋－＠]/.test(line), `${name}: ${line}`);
      }
    }
  }));

Deno.test("a file of which no cell begins like a formula is known by a look, and none that has one is missed", () => {
  for (const cell of [...FORMULAS, "-", "-x", "-1-1", "--1", "\t=1", "\r=1", "\n=1", "-1e5x"]) {
    for (const written of [cell, `"${cell}"`, `"${cell},b"`]) {
      for (const csv of [`a,b\n1,${written}\n`, `a,b\n${written},1\n`, written]) {
        const isSplit = /[\r\n]/.test(cell) && !written.startsWith('"');
        ok(mayHoldFormula(csv) || isSplit, JSON.stringify(csv));
      }
    }
  }
  for (
    const csv of [
      "a,b\n-1,-1.5e-7\n,\n",
      'a\r\n"x-y"\r\n',
      "RTX 4090,2026-01-02T03:04:05.000Z,'=1\n",
      '"{""a"":-1}"\n',
      "",
    ]
  ) {
    equal(mayHoldFormula(csv), false, JSON.stringify(csv));
  }
});

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
