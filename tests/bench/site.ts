// deno-lint-ignore-file no-console
// Ten thousand benchmarks: the JSON mirror, the site, what it weighs.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow } from "../../pipeline/build/publish.ts";
import { generate } from "./generate.ts";
import { atMost, type Line, seconds } from "./line.ts";
import { deno, main } from "./measure.ts";

const BENCHMARKS = 10_000;
const REQUESTS = 12;
const here = dirname(fileURLToPath(import.meta.url));

export async function benchSite(root: string): Promise<Line[]> {
  console.error(`writing ${BENCHMARKS} directories`);
  await generate(root, 0, BENCHMARKS, REQUESTS, "measured");
  await deno(main, "build-data", "--root", root);
  console.error("writing the mirror alone");
  const mirror = await deno(join(here, "mirror.ts"), root, join(root, "mirror"));
  console.error(`building a site of ${BENCHMARKS} benchmarks, which takes some minutes`);
  const built = await deno(main, "build-site", "--root", root);
  const pages = Number(/^(\d+) pages/m.exec(built.out)?.[1]);
  const dist = join(root, "site", "dist");
  const files = filesBelow(dist).filter((path) => !path.startsWith("raw/"));
  const bytes = await sizeOf(dist, files);
  const home = await compressed(dist, ["index.html", "almanac.js", "style.css", "icon.svg"]);
  return [
    atMost(
      `JSON mirror of ${BENCHMARKS} benchmarks`,
      mirror.work_seconds,
      10,
      " s",
      `${mirror.peak_mib.toFixed(0)} MiB`,
    ),
    {
      what: `site of ${pages} pages, ${BENCHMARKS} with charts`,
      found: `${seconds(built.seconds)}, ${(pages / built.seconds).toFixed(0)} pages/s, ${
        built.peak_mib.toFixed(0)
      } MiB`,
      aim: "–",
      held: pages > BENCHMARKS,
    },
    {
      what: "its files without the raw evidence",
      found: `${files.length} files, ${(bytes / 1e6).toFixed(0)} MB`,
      aim: "–",
      held: true,
    },
    atMost("home page with its script and style, compressed", home / 1000, 100, " KB", "gzip"),
  ];
}

async function sizeOf(folder: string, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += (await Deno.stat(join(folder, path))).size;
  return bytes;
}

async function compressed(folder: string, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) {
    const file = await Deno.open(join(folder, path));
    bytes +=
      (await new Response(file.readable.pipeThrough(new CompressionStream("gzip"))).arrayBuffer()).byteLength;
  }
  return bytes;
}
