// One connection, many askers: each gets the answer to its own question.
import { deepEqual, rejects } from "node:assert/strict";
import { Database } from "../pipeline/lib/duckdb.ts";

const NUMBERS = Array.from({ length: 200 }, (_, n) => n);

Deno.test("questions in the same words asked at once each get the answer to their own values", async () => {
  using db = await Database.inMemory();
  const ask = async (n: number) => (await db.rows("SELECT $n::INTEGER AS n", { n }))[0]?.n;
  deepEqual(await ask(-1), -1);
  deepEqual(await Promise.all(NUMBERS.map(ask)), NUMBERS);
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
