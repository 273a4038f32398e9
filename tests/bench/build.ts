// deno-lint-ignore-file no-console
// The builder beside a bare DuckDB script, and one question beside a bare query.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "./generate.ts";
import { atMost, type Line, seconds } from "./line.ts";
import { deno, fastestInTurn, main } from "./measure.ts";

const DIRECTORIES = 1000;
const REQUESTS = 2000;
const ROUNDS = 5;
const here = dirname(fileURLToPath(import.meta.url));

export async function benchBuild(root: string): Promise<Line[]> {
  console.error(`writing ${DIRECTORIES} directories of ${REQUESTS} requests`);
  await generate(root, 0, DIRECTORIES, REQUESTS);
  const raw = join(root, "data", "raw");
  const bareOut = join(root, "bare");
  await Deno.mkdir(bareOut);
  console.error("building, beside a bare DuckDB script");
  let next = DIRECTORIES;
  const { bare, full, added } = await fastestInTurn(ROUNDS, {
    bare: () => deno(join(here, "bare_build.ts"), raw, bareOut),
    full: async () => {
      await Deno.remove(join(root, "data", "export"), { recursive: true }).catch(() => undefined);
      return await deno(main, "build-data", "--root", root);
    },
    added: async () => {
      await generate(root, next, next + 1, REQUESTS);
      next += 1;
      return await deno(main, "build-data", "--root", root);
    },
  });
  const part = added.work_seconds / full.work_seconds * 100;
  const withStart = `${seconds(added.seconds)} with the start of Deno`;
  return [
    atMost(
      "full build / bare DuckDB script",
      full.work_seconds / bare.work_seconds,
      1.5,
      " ×",
      `${seconds(full.work_seconds)} / ${seconds(bare.work_seconds)}`,
    ),
    atMost(
      "peak memory of the full build",
      full.peak_mib,
      1000,
      " MiB",
      `bare ${bare.peak_mib.toFixed(0)} MiB`,
    ),
    atMost(
      "build after one added run / full build",
      part,
      10,
      " %",
      `${seconds(added.work_seconds)}; ${withStart}`,
    ),
  ];
}

/** The simulated results may not be ranked, so one measured run is put beside them. */
export async function benchBest(root: string): Promise<Line[]> {
  console.error("asking for the best, beside a bare script");
  const database = join(root, "data", "export", "almanac.duckdb");
  const example = join(here, "..", "fixtures", "importers", "almanac");
  await deno(main, "import", example, "--provider", "vastai", "--price", "0.4", "--root", root);
  const { bare, best } = await fastestInTurn(ROUNDS, {
    bare: () => deno(join(here, "bare_best.ts"), database, "qwen2:7b"),
    best: () => deno(main, "benchmarks", "best", "--model", "qwen2:7b", "--output", "json", "--root", root),
  });
  return [
    atMost(
      "benchmarks best / bare script, cold",
      best.seconds / bare.seconds,
      3,
      " ×",
      `${seconds(best.seconds)} / ${seconds(bare.seconds)}`,
    ),
  ];
}
