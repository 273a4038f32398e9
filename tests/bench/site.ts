// deno-lint-ignore-file no-console
// The site's builder, and the weight of its first page.
import { join } from "node:path";
import { generate } from "./generate.ts";
import { atMost, type Line, seconds } from "./line.ts";
import { deno, main } from "./measure.ts";

const DIRECTORIES = 1000;

export async function benchSite(root: string): Promise<Line[]> {
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
