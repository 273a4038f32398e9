// A rehearsal: where every result is that of a simulated cloud, they are ranked, and everything says so; beside others they are not.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildData } from "../pipeline/build/mod.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import type { Paths } from "../pipeline/paths.ts";
import { best, recommend } from "../pipeline/query/mod.ts";
import { picks, providerComparison } from "../pipeline/query/overviews.ts";
import { slo } from "../pipeline/query/slo.ts";
import { ApiIndex } from "../pipeline/schema/api.ts";
import { SIMULATED } from "../pipeline/schema/mark.ts";
import { cli } from "./e2e/cli.ts";
import { jsonl, metadata, sealed, temporaryRoot, timedLine } from "./fixtures.ts";

const MODEL = "qwen2:7b";

async function result(paths: Paths, run: string, tps: number, origin: "simulated" | "measured") {
  const lines = Array.from({ length: 12 }, (_, n) => ({ ...timedLine(n, n * 2, { tok: tps + 1, tps }) }));
  await sealed(paths, run, "entry", {
    "results.jsonl": jsonl(lines),
    "metadata.json": metadata({ hardware: { gpu_count: 1 }, model: { name: MODEL, parameter_count: 7.6e9 } }),
  }, { origin, price_per_hour: 0.4, provider: "vastai" });
}

/** The files of the mirror that answer, without the index, and which of them are marked. */
async function mirror({ api }: Paths): Promise<{ marked: string[]; unmarked: string[] }> {
  const index = ApiIndex.parse(JSON.parse(await Deno.readTextFile(join(api, "index.json"))));
  const paths = ["index.json", ...index.files.map(({ path }) => path)];
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(join(api, path))));
  const isMarked = (_: string, n: number) => JSON.parse(texts[n] ?? "").simulated === true;
  return { marked: paths.filter(isMarked), unmarked: paths.filter((path, n) => !isMarked(path, n)) };
}

Deno.test("simulated results alone are ranked and recommended, and every answer is marked, until there is another", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  await result(paths, "rehearsed", 120, "simulated");
  await buildData(paths, root.log);
  {
    using db = await Database.reading(paths.database);
    equal((await best(db, { model: MODEL }))?.benchmark.origin, "simulated");
    equal((await recommend(db, { model: MODEL }))?.count, 1);
    equal((await slo(db, { model: MODEL, tier: "relaxed" }))?.limits[0]?.judged, 1);
    ok((await picks(db)).picks.length > 0);
    equal((await providerComparison(db)).providers[0]?.benchmarks, 1);
  }
  const before = await mirror(paths);
  deepEqual(before.unmarked, []);
  ok(before.marked.includes("best/qwen2-7b.json") && before.marked.includes("recommendations.json"));

  await result(paths, "real", 60, "measured");
  await buildData(paths, root.log);
  {
    using db = await Database.reading(paths.database);
    equal((await best(db, { model: MODEL }))?.benchmark.origin, "measured");
    deepEqual(await db.rows("SELECT origin FROM rankable"), [{ origin: "measured" }]);
  }
  deepEqual((await mirror(paths)).marked, []);

  await Deno.remove(join(paths.raw, "real"), { recursive: true });
  await buildData(paths, root.log);
  using db = await Database.reading(paths.database);
  equal((await best(db, { model: MODEL }))?.benchmark.origin, "simulated");
  deepEqual((await mirror(paths)).unmarked, []);
});

Deno.test("the command line says of a rehearsal that it is one, below every table and first in the JSON, as the mirror has it", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  await result(paths, "rehearsed", 120, "simulated");
  await buildData(paths, root.log);
  const told = ["--model", MODEL, "--root", paths.root];
  for (const question of [[], ["best"], ["recommend"], ["compare"], ["cheapest", "--slo", "relaxed"]]) {
    const { code, out, err } = await cli("benchmarks", ...question, ...told);
    equal(code, 0, err);
    ok(out.endsWith(`${SIMULATED}\n`), out);
  }
  const { out } = await cli("benchmarks", "recommend", ...told, "--output", "json");
  match(out, /^\{\n {2}"simulated": true,/);
  equal(out, await Deno.readTextFile(join(paths.api, "recommendations", "qwen2-7b.json")));
});

Deno.test("published results that come with the almanac stay out of a rehearsal, and are there as soon as it is none", async () => {
  await using root = await temporaryRoot();
  const { paths } = root;
  await Deno.remove(join(paths.root, "data", "published"));
  const origins = async () => {
    await buildData(paths, root.log);
    using db = await Database.reading(paths.database);
    const rows = await db.rows("SELECT DISTINCT origin FROM benchmarks ORDER BY origin");
    return rows.map(({ origin }) => origin);
  };
  await result(paths, "rehearsed", 120, "simulated");
  deepEqual(await origins(), ["simulated"]);
  await result(paths, "real", 60, "measured");
  deepEqual(await origins(), ["measured", "published", "simulated"]);
});
