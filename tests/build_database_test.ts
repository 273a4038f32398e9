// The database of a build reaches the files of the root that it builds, and no others, whatever SQL is put into it.
import { deepEqual, rejects } from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../pipeline/build/database.ts";
import { quote } from "../pipeline/lib/duckdb.ts";
import { temporaryRoot } from "./fixtures.ts";

Deno.test("SQL of a build reads and writes below data/raw and data/export, nothing elsewhere, and cannot change that", async () => {
  await using root = await temporaryRoot();
  const { raw, exported } = root.paths;
  const staged = join(exported, ".staged");
  for (const folder of [raw, staged]) await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(raw, "a.txt"), "words");
  const outside = join(root.paths.root, "b.txt");
  await Deno.writeTextFile(outside, "secret");
  using db = await openDatabase(staged, null, [raw, exported]);
  const read = (path: string) => db.rows(`SELECT content FROM read_text(${quote(path)})`);
  const write = (path: string) => db.run(`COPY (SELECT 1) TO ${quote(path)} (FORMAT csv)`);
  deepEqual(await read(join(raw, "a.txt")), [{ content: "words" }]);
  await write(join(staged, "c.csv"));
  for (const path of [outside, join(raw, "..", "..", "b.txt")]) {
    await rejects(read(path), /Permission Error/);
    await rejects(write(path), /Permission Error/);
  }
  await rejects(db.run("SET enable_external_access = true"), /lock|cannot/i);
  await rejects(db.run("SET allowed_directories = ['/']"), /lock|cannot/i);
});
