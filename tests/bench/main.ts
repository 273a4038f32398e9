// deno-lint-ignore-file no-console
// `deno task bench`: speed and memory of the builder, the queries and the site, as ratios in one run.
// Exits with 1 when an aim is missed.
import { Table } from "console-table-printer";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "./generate.ts";
import { deno, fastest } from "./measure.ts";

const DIRECTORIES = 1000;
const REQUESTS = 2000;
const ROUNDS = 3;
const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, "..", "..", "pipeline", "main.ts");

interface Line {
  readonly what: string;
  readonly found: string;
  readonly aim: string;
  readonly held: boolean;
}

const seconds = (value: number) => `${value.toFixed(2)} s`;
const atMost = (what: string, value: number, most: number, unit: string, details: string): Line => ({
  what,
  found: `${value.toFixed(2)}${unit} (${details})`,
  aim: `at most ${most}${unit}`,
  held: value <= most,
});

async function benchBuild(root: string): Promise<Line[]> {
  console.error(`writing ${DIRECTORIES} directories of ${REQUESTS} requests`);
  await generate(root, 0, DIRECTORIES, REQUESTS);
  const raw = join(root, "data", "raw");
  const bareOut = join(root, "bare");
  await Deno.mkdir(bareOut);
  console.error("building, beside a bare DuckDB script");
  const bare = await fastest(ROUNDS, () => deno(join(here, "bare_build.ts"), raw, bareOut));
  const full = await fastest(ROUNDS, async () => {
    await Deno.remove(join(root, "data", "export"), { recursive: true }).catch(() => undefined);
    return await deno(main, "build-data", "--root", root);
  });
  let next = DIRECTORIES;
  const added = await fastest(ROUNDS, async () => {
    await generate(root, next, next + 1, REQUESTS);
    next += 1;
    return await deno(main, "build-data", "--root", root);
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
async function benchBest(root: string): Promise<Line[]> {
  console.error("asking for the best, beside a bare script");
  const database = join(root, "data", "export", "almanac.duckdb");
  const example = join(here, "..", "fixtures", "importers", "almanac");
  await deno(main, "import", example, "--provider", "vastai", "--price", "0.4", "--root", root);
  const ours = () =>
    deno(main, "benchmarks", "best", "--model", "qwen2:7b", "--output", "json", "--root", root);
  const bare = await fastest(5, () => deno(join(here, "bare_best.ts"), database, "qwen2:7b"));
  const best = await fastest(5, ours);
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

async function benchSite(root: string): Promise<Line[]> {
  console.error(`building a site of ${DIRECTORIES} benchmarks`);
  await generate(root, 0, DIRECTORIES, 200);
  await deno(main, "build-data", "--root", root);
  const built = await deno(main, "build-site", "--root", root);
  const pages = Number(/^(\d+) pages/m.exec(built.out)?.[1]);
  const home = await Deno.readFile(join(root, "site", "dist", "index.html"));
  const stream = new Blob([home]).stream().pipeThrough(new CompressionStream("gzip"));
  const compressed = (await new Response(stream).arrayBuffer()).byteLength;
  return [
    {
      what: `site of ${pages} pages, ${DIRECTORIES} with charts`,
      found: `${(pages / built.seconds).toFixed(0)} pages/s (${seconds(built.seconds)}, ${
        built.peak_mib.toFixed(0)
      } MiB)`,
      aim: "–",
      held: pages > DIRECTORIES,
    },
    atMost(
      "home page, compressed",
      compressed / 1000,
      100,
      " KB",
      `${(home.length / 1000).toFixed(0)} KB plain`,
    ),
  ];
}

async function inFolder(work: (root: string) => Promise<Line[]>): Promise<Line[]> {
  const root = await Deno.makeTempDir();
  try {
    return await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const lines = [
  ...await inFolder(async (root) => [...await benchBuild(root), ...await benchBest(root)]),
  ...await inFolder(benchSite),
];
const table = new Table({ shouldDisableColors: true });
for (const { what, found, aim, held } of lines) table.addRow({ what, found, aim, held: held ? "yes" : "NO" });
console.log(table.render());
Deno.exitCode = lines.every((line) => line.held) ? 0 : 1;
