// `deno task bench [build|site|serve|pages]…`: speed and memory of the builder, the queries, the site and the live API, as ratios in one run.
// Exits with 1 when an aim is missed.
import { benchBest, benchBuild } from "./build.ts";
import { chosenParts, type Line, report } from "./line.ts";
import { benchPages } from "./pages.ts";
import { benchServe } from "./serve.ts";
import { benchSite } from "./site.ts";

const PARTS: Record<string, (root: string) => Promise<Line[]>> = {
  build: async (root) => [...await benchBuild(root), ...await benchBest(root)],
  site: benchSite,
  serve: benchServe,
  pages: benchPages,
};

async function inFolder(work: (root: string) => Promise<Line[]>): Promise<Line[]> {
  const root = await Deno.makeTempDir();
  try {
    return await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const lines: Line[] = [];
for (const part of chosenParts(PARTS)) lines.push(...await inFolder(part));
Deno.exitCode = report(lines);
