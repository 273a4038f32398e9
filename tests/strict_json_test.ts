// Every text that the strict reader takes, the database takes too, and both find the same in it.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { Database } from "../pipeline/lib/duckdb.ts";
import { strictJson } from "../pipeline/schema/strict_json.ts";

const REFUSED: Readonly<Record<string, readonly [text: string, reason: RegExp]>> = {
  "the same key twice": ['{"a":1,"b":2,"a":3}', /two values for a/],
  "the same key twice with the same value": ['{"a":1,"a":1}', /two values for a/],
  "the same key twice, written in two ways": ['{"a":1,"\\u0061":3}', /two values for a/],
  "the same key twice deep inside": ['{"x":{"a":1},"y":[{"a":1,"a":2}]}', /two values for a/],
  "the same key twice in what nobody reads": ['{"other":{"n":1,"n":2},"n":1}', /two values for n/],
  "a key with a quote in it twice": ['{"a\\"b":1,"a\\"b":2}', /two values for a"b/],
  "half a character": ['{"a":"bad \\ud83d token"}', /a: it holds half a character/],
  "the other half": ['{"a":{"b":["\\uDE42"]}}', /a\.b\.0: it holds half a character/],
  "halves in the wrong order": ['{"a":"\\ude42\\ud83d"}', /half a character/],
  "half a character in a key": ['{"a":{"k\\ud83d":1}}', /a: a key holds half a character/],
  "a number beyond a double": ['{"a":{"b":1e400}}', /a\.b: its number is too large/],
  "a negative one": ['{"a":-1e999}', /a: its number is too large/],
  "values nested without end": ['{"a":' + "[".repeat(9000) + "]".repeat(9000) + "}", /nested more than 32/],
  "two objects": ['{"a":1} {"a":2}', /not JSON/],
  "Infinity": ['{"a":Infinity}', /not JSON/],
  "NaN": ['{"a":NaN}', /not JSON/],
  "a comma too many": ['{"a":1,}', /not JSON/],
  "a mark in the middle": ['\uFEFF{"a":1}', /not JSON/],
  "zeros after its end": ['{"a":1}\u0000\u0000', /not JSON/],
  "nothing": ["", /not JSON/],
};

for (const [what, [text, reason]] of Object.entries(REFUSED)) {
  Deno.test(`${what}: refused with the reason`, () => {
    const read = strictJson(text);
    ok("reason" in read && reason.test(read.reason), JSON.stringify(read));
  });
}

const TAKEN: readonly string[] = [
  '{"n":1,"m":"a:\\"b\\":c"}',
  '{"n":1,"m":"\\\\ud83d is only text"}',
  '{"n":1,"m":"\\ud83d\\ude42"}',
  '{"n":1,"m":"\uFFFF\u007F"}',
  '{"n":1,"x":{"a":1},"y":{"a":1},"z":[{"a":1},{"a":2}]}',
  '{"n":1,"x":12345678901234567890123,"y":1e308}',
  '{"n":1,"__proto__":{"n":2},"constructor":3}',
  '{"n":1,"N":2," n":3}',
  ' {"n" : 1 , "m" :"x" }\t',
];

Deno.test("what is taken is read by the database as it was read here", async () => {
  const file = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    await Deno.writeTextFile(file, `${TAKEN.join("\n")}\n`);
    using db = await Database.inMemory();
    const rows = await db.rows(
      "SELECT n, m FROM read_json($file, format = 'newline_delimited', columns = {n: 'DOUBLE', m: 'VARCHAR'})",
      { file: join(file) },
    );
    for (const [index, text] of TAKEN.entries()) {
      const read = strictJson(text);
      ok("value" in read, `${text}: ${JSON.stringify(read)}`);
      const { n, m = null } = read.value as { n: number; m?: string };
      deepEqual(rows[index], { n, m }, text);
    }
    equal(rows.length, TAKEN.length);
  } finally {
    await Deno.remove(file);
  }
});
