// How far hosts lie apart, and the knees of ladders, over hand-made evidence.
import { deepEqual, equal, ok } from "node:assert/strict";
import { buildData } from "../pipeline/build/mod.ts";
import { Database, type Row } from "../pipeline/lib/duckdb.ts";
import type { Paths } from "../pipeline/paths.ts";
import { temporaryRoot } from "./fixtures.ts";
import { ladder, type Step } from "./ladders.ts";

const ONE: readonly Step[] = [{ level: 1, ttft: 100, tpot: 10 }];
const slow = (times: number): Step[] => [{ level: 1, ttft: 100, tpot: 10 * times }];

async function rows(paths: Paths, sql: string): Promise<Row[]> {
  using db = await Database.reading(paths.database);
  return await db.rows(sql);
}

const SPEEDS = "FROM spreads WHERE metric = 'avg_tokens_per_second'";
const close = (value: unknown, expected: number) => ok(Math.abs(Number(value) - expected) < 1e-6, `${value}`);

Deno.test("below three hosts a spread is a range with its numbers, and no interval", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await ladder(paths, "a", { steps: slow(1), host: "h1" });
  await ladder(paths, "b", { steps: slow(2), host: "h1" });
  await ladder(paths, "c", { steps: slow(2.5), host: "h2" });
  await buildData(paths, log);
  const [spread] = await rows(paths, SPEEDS);
  deepEqual([spread?.hosts, spread?.blocks, Number(spread?.requests)], [2, 3, 36]);
  close(spread?.min_tokens_per_second, 40);
  close(spread?.max_tokens_per_second, 75);
  close(spread?.median_tokens_per_second, 57.5);
  deepEqual([spread?.low_tokens_per_second, spread?.high_tokens_per_second, spread?.draws], [
    null,
    null,
    null,
  ]);
});

Deno.test("from three hosts on there is an interval, the same in every build and on every root", async () => {
  const build = async (order: readonly number[]) => {
    await using root = await temporaryRoot();
    const { paths, log } = root;
    for (const index of order) {
      await ladder(paths, `e${index}`, {
        steps: slow(1 + index / 10),
        host: `h${index}`,
        more: (n) => n % 7,
      });
      await buildData(paths, log);
    }
    return await rows(paths, "FROM spreads ORDER BY metric");
  };
  const [one, two] = [await build([0, 1, 2, 3]), await build([3, 1, 0, 2])];
  deepEqual(one, two);
  const [speed, throughput] = one;
  close(speed?.low_tokens_per_second, 100 / 1.3);
  close(speed?.high_tokens_per_second, 100);
  deepEqual([speed?.hosts, speed?.draws, speed?.seed], [4, 2000, 20_261_125]);
  ok(throughput?.low_tokens_per_second !== throughput?.min_tokens_per_second, "its requests were drawn, too");
});

Deno.test("an interval is kept while its benchmarks are the same, and drawn anew when one comes or goes", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  const mark = async () => {
    const db = await Database.inMemory();
    await db.run(`ATTACH '${paths.database}' AS almanac; USE almanac; UPDATE spreads SET seed = 1`);
    db[Symbol.dispose]();
  };
  for (const host of ["a", "b", "c"]) await ladder(paths, host, { steps: ONE, host });
  await buildData(paths, log);
  await mark();
  await ladder(paths, "other", { steps: ONE, host: "a", model: "other" });
  await buildData(paths, log);
  const seeds = (all: Row[]) => all.map(({ model_name, hosts, seed }) => [model_name, hosts, seed]);
  const sql = `${SPEEDS} ORDER BY model_name`;
  deepEqual(seeds(await rows(paths, sql)), [["other", 1, null], ["qwen2:7b", 3, 1]]);
  await ladder(paths, "d", { steps: ONE, host: "d" });
  await buildData(paths, log);
  deepEqual(seeds(await rows(paths, sql)), [["other", 1, null], ["qwen2:7b", 4, 20_261_125]]);
  await Deno.remove(`${paths.raw}/run`, { recursive: true });
  await buildData(paths, log);
  deepEqual(await rows(paths, sql), []);
});

Deno.test("a host is its id, else its name and GPUs, else the evidence itself", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await ladder(paths, "id", { steps: ONE, host: "0123456789abcdef" });
  await ladder(paths, "name", { steps: ONE });
  await ladder(paths, "same name", { steps: slow(2) });
  await ladder(paths, "nothing", { steps: ONE, host: null });
  await buildData(paths, log);
  const hosts = await rows(paths, "SELECT entry_id, host FROM benchmarks ORDER BY entry_id");
  const [id, name, nothing, sameName] = hosts.map(({ host }) => host);
  deepEqual([id, nothing], ["0123456789abcdef", null]);
  ok(/^[0-9a-f]{16}$/.test(String(name)) && name === sameName);
  equal((await rows(paths, SPEEDS))[0]?.hosts, 3);
});

Deno.test("results that are not measured by the almanac, or not ranked, enter no spread", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await ladder(paths, "a", { steps: ONE, host: "a", source: { origin: "simulated" } });
  await ladder(paths, "b", { steps: ONE, host: "b", source: { origin: "imported" } });
  await buildData(paths, log);
  deepEqual(await rows(paths, "FROM spreads"), []);
});

/** A ladder whose throughput is `tps` at each level. */
function gives(tps: Record<number, number>): Step[] {
  return Object.entries(tps).map(([level, rate]) => ({
    level: Number(level),
    ttft: 100,
    tpot: (Number(level) * 101 / rate * 1000 - 100) / 100,
  }));
}

Deno.test("the knee is the smallest level that gives 95 % of the highest throughput", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await ladder(paths, "flat", { steps: gives({ 1: 100, 2: 192, 4: 195, 8: 200, 16: 199 }) });
  await ladder(paths, "rising", { steps: gives({ 1: 100, 2: 180, 4: 300 }) });
  await ladder(paths, "falling", { steps: gives({ 1: 100, 8: 400, 16: 300 }) });
  await ladder(paths, "single", { steps: gives({ 8: 400 }) });
  await buildData(paths, log);
  const found = await rows(
    paths,
    "SELECT entry_id, levels, knee_level, best_level FROM ladders ORDER BY entry_id",
  );
  deepEqual(found.map((row) => [row.entry_id, row.levels, row.knee_level, row.best_level]), [
    ["falling", [1, 8, 16], 8, 8],
    ["flat", [1, 2, 4, 8, 16], 2, 8],
    ["rising", [1, 2, 4], 4, 4],
  ]);
});

Deno.test("a level with a fatal verdict is no step of a ladder", async () => {
  await using root = await temporaryRoot();
  const { paths, log } = root;
  await ladder(paths, "a", { steps: gives({ 1: 100, 2: 190, 4: 300 }) });
  await buildData(paths, log);
  const db = await Database.inMemory();
  await db.run(
    `ATTACH '${paths.database}' AS almanac; USE almanac; UPDATE benchmarks SET fatal = true WHERE level = 4`,
  );
  deepEqual((await db.rows("SELECT levels, knee_level FROM ladders"))[0], { levels: [1, 2], knee_level: 2 });
  db[Symbol.dispose]();
});
