// Answers for other programs: CSV that every reader of RFC 4180 reads, JSON with an object a line, and the short options.
import { deepEqual, equal, ok } from "node:assert/strict";
import { z } from "zod";
import { type Rows, toCsv, toNdjson } from "../pipeline/query/rows.ts";
import { listRows } from "../pipeline/query/rows_of.ts";
import { BenchmarkResult } from "../pipeline/schema/benchmark.ts";
import { EXAMPLE } from "../pipeline/schema/example.ts";
import { cli } from "./e2e/cli.ts";
import { temporaryRoot } from "./fixtures.ts";

const schema = z.strictObject({
  id: z.string(),
  inner: z.strictObject({ text: z.string().nullable(), list: z.array(z.string()) }).nullable(),
  figure: z.number().nullable(),
});
const some: Rows = {
  schema,
  rows: [
    { id: "a", inner: { text: 'say "hi", he said\nthen', list: ["x", "y"] }, figure: 1.5 },
    { id: "b", inner: null, figure: null },
  ],
};

/** The cells of CSV, as RFC 4180 reads them. */
function readCsv(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

Deno.test("CSV has a header, lines that end with CR LF, quotes where they are needed, and nothing for null", () => {
  equal(
    toCsv(some),
    'id,inner.text,inner.list,figure\r\na,"say ""hi"", he said\nthen","[""x"",""y""]",1.5\r\nb,,,\r\n',
  );
  equal(readCsv(toCsv(some))[1]?.[1], 'say "hi", he said\nthen');
  equal(toCsv({ schema, rows: [] }), "id,inner.text,inner.list,figure\r\n", "columns do not depend on rows");
});

Deno.test("NDJSON has an object a line", () => {
  deepEqual(toNdjson(some).trimEnd().split("\n").map((line) => JSON.parse(line)), some.rows);
  equal(toNdjson({ schema, rows: [] }), "");
});

Deno.test("a benchmark as CSV has a column for every value of the API's object", () => {
  const [header = [], row = []] = readCsv(toCsv(listRows({ benchmarks: [EXAMPLE.benchmark], count: 1 })));
  equal(new Set(header).size, header.length);
  equal(row.length, header.length);
  const cell = (name: string) => row[header.indexOf(name)];
  equal(cell("hardware.gpu"), "RTX 4090");
  equal(cell("results.avg_tokens_per_second"), "195.3");
  equal(cell("tokens_per_dollar"), "4394250");
  equal(cell("client.shards"), "");
  ok(Object.keys(BenchmarkResult.shape).every((key) => header.some((name) => name.split(".")[0] === key)));
});

Deno.test("every question answers in each form with the same rows, asked with short options", async () => {
  await using root = await temporaryRoot();
  await Deno.remove(`${root.paths.root}/data/published`);
  const ask = async (...args: string[]) => {
    const { code, out, err } = await cli("benchmarks", ...args, "--root", root.paths.root);
    equal(code, 0, err);
    return out;
  };
  await ask();
  const model = ["-m", "qwen2:7b"];
  const questions: [string[], number][] = [
    [["-g", "RTX 5090", "-p", "vastai", "-l", "2"], 2],
    [["best", ...model], 1],
    [["cheapest", ...model], 1],
    [["recommend", ...model, "--by", "dollars"], 6],
    [["compare", ...model, "-p", "tensordock"], 2],
  ];
  for (const [question, count] of questions) {
    const lines = (await ask(...question, "-o", "ndjson")).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    const [header = [], ...rows] = readCsv(await ask(...question, "-o", "csv"));
    equal(lines.length, count, question.join(" "));
    equal(rows.length, count, question.join(" "));
    for (const [index, row] of rows.entries()) {
      for (const [at, name] of header.entries()) {
        const value = name.split(".").reduce((inner, key) => inner?.[key], lines[index]) ?? "";
        equal(row[at], typeof value === "object" ? JSON.stringify(value) : String(value), name);
      }
    }
  }
});
