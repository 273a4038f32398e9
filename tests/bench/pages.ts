// deno-lint-ignore-file no-console
// Lighthouse on the published results as `serve` gives them: home, a model, a benchmark with charts, the SQL page.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ApiIndex, BenchmarkList } from "../../pipeline/schema/api.ts";
import { atLeast, type Line } from "./line.ts";
import { deno, main } from "./measure.ts";
import { startApi } from "./serve.ts";

const here = dirname(fileURLToPath(import.meta.url));
const Judged = z.object({
  url: z.string(),
  scores: z.record(z.string(), z.number()),
  costly: z.array(z.string()),
});

export async function benchPages(root: string): Promise<Line[]> {
  const example = join(here, "..", "fixtures", "importers", "almanac");
  await deno(main, "import", example, "--provider", "vastai", "--price", "0.4", "--root", root);
  await deno(main, "build-site", "--root", root);
  await using api = await startApi(root);
  const get = async (path: string) => await (await fetch(new URL(path, api.url))).json();
  const { models } = ApiIndex.parse(await get("/api/v1/index.json"));
  const { benchmarks } = BenchmarkList.parse(await get("/api/v1/benchmarks?limit=200"));
  const drawn = benchmarks.find(({ provenance }) => provenance.raw_dir !== null);
  const pages = {
    home: "/index.html",
    model: `/models/${models.find(({ name }) => name === "qwen2:7b")?.slug}.html`,
    benchmark: `/benchmarks/${drawn?.id}.html`,
    SQL: "/sql.html",
  };
  const config = join(here, "lighthouse", "deno.json");
  console.error("asking Lighthouse");
  const judge = join(here, "lighthouse", "main.ts");
  const urls = Object.values(pages).map((path) => new URL(path, api.url).href);
  const { out } = await deno("--config", config, judge, ...urls);
  const judged = out.trim().split("\n").map((line) => Judged.parse(JSON.parse(line)));
  return Object.keys(pages).map((name, index) => {
    const { scores = {}, costly = [] } = judged[index] ?? {};
    const details = Object.entries(scores).map(([category, score]) => `${category} ${score}`);
    return atLeast(
      `Lighthouse, ${name} page`,
      Math.min(...Object.values(scores)),
      95,
      "",
      [...details, ...costly].join(", "),
    );
  });
}
