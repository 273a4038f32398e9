// One connection, many askers: each gets the answer to its own question.
import { deepEqual, rejects } from "node:assert/strict";
import { join } from "node:path";
import { Database } from "../pipeline/lib/duckdb.ts";

const NUMBERS = Array.from({ length: 200 }, (_, n) => n);

Deno.test("questions in the same words asked at once each get the answer to their own values", async () => {
  using db = await Database.inMemory();
  const ask = async (n: number) => (await db.rows("SELECT $n::INTEGER AS n", { n }))[0]?.n;
  deepEqual(await ask(-1), -1);
  deepEqual(await Promise.all(NUMBERS.map(ask)), NUMBERS);
});

Deno.test("a number of any size is asked as the number that it is, whichever came before", async () => {
  using db = await Database.inMemory();
  const asked = [1, 1e20, -1e308, 0.5, 2 ** 53, Infinity, 7];
  const rows = [];
  for (const n of asked) rows.push(...await db.rows("SELECT $n::DOUBLE AS n", { n }));
  deepEqual(rows.map(({ n }) => n), asked);
});

Deno.test("a question that fails does not spoil the next one in the same words", async () => {
  using db = await Database.inMemory();
  const sql = "SELECT $text::INTEGER AS n";
  deepEqual(await db.rows(sql, { text: "1" }), [{ n: 1 }]);
  const asked = NUMBERS.map((n) => db.rows(sql, { text: n % 2 === 0 ? String(n) : "none" }));
  const settled = await Promise.allSettled(asked);
  deepEqual(
    settled.map((each) => each.status === "fulfilled" ? each.value[0]?.n : null),
    NUMBERS.map((n) => n % 2 === 0 ? n : null),
  );
  await rejects(db.rows(sql, { text: "none" }), /Conversion Error/);
  deepEqual(await db.rows(sql, { text: "7" }), [{ n: 7 }]);
});

Deno.test("a file that another of the same size replaced is read anew, however soon", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using db = await Database.inMemory();
    const path = join(folder, "part.parquet");
    const read: unknown[] = [];
    for (const n of NUMBERS) {
      await db.run(`COPY (SELECT ${n}::BIGINT AS n FROM range(100)) TO '${path}'`);
      read.push(...(await db.rows(`SELECT max(n)::INTEGER AS n FROM '${path}'`)).map((row) => row.n));
      await Deno.remove(path);
    }
    deepEqual(read, NUMBERS);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
