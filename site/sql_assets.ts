// What the SQL page needs besides its HTML: its scripts, bundled, and DuckDB for the browser.
import { dirname, join } from "node:path";
import { bundleSqlScripts } from "../pipeline/lib/bundle.ts";
import { exists } from "../pipeline/lib/files.ts";
import type { Paths } from "../pipeline/paths.ts";

/** Writes sql/*.js and duckdb/* below `out`. */
export async function prepareSqlAssets(paths: Paths, out: string): Promise<void> {
  await Promise.all([bundleSqlScripts(paths, join(out, "sql")), copyEngine(paths, join(out, "duckdb"))]);
}

/** The engine is 34 MB: more than some hosts take as one file, and not all compress it. Its name keeps hosts from telling the browser that it is compressed. */
async function copyEngine({ repository }: Paths, out: string): Promise<void> {
  const npm = join(repository, "node_modules", "@duckdb", "duckdb-wasm");
  const { version } = JSON.parse(await Deno.readTextFile(join(npm, "package.json")));
  const [engine, worker] = [`eh-${version}.wasm.bin`, `eh-${version}.worker.js`];
  await Deno.mkdir(out, { recursive: true });
  await Deno.copyFile(join(npm, "dist", "duckdb-browser-eh.worker.js"), join(out, worker));
  // Packed once for the sites of all roots.
  const packed = join(repository, "site", ".astro", engine);
  if (!await exists(packed)) await pack(join(npm, "dist", "duckdb-eh.wasm"), packed);
  await Deno.copyFile(packed, join(out, engine));
}

/** Two builds may pack at the same time: each does so beside `to`, and the last stays. */
async function pack(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  const part = `${to}.${crypto.randomUUID()}`;
  const source = await Deno.open(from);
  await Deno.writeFile(part, source.readable.pipeThrough(new CompressionStream("gzip")));
  await Deno.rename(part, to);
}
