// What the SQL page needs besides its HTML: its scripts, bundled, and DuckDB for the browser.
import { join } from "node:path";
import { bundleSqlScripts } from "../pipeline/lib/bundle.ts";
import { exists } from "../pipeline/lib/files.ts";
import type { Paths } from "../pipeline/paths.ts";

/** Writes sql/*.js and duckdb/* below `out`; what the last site has of the engine is taken from there. */
export async function prepareSqlAssets(paths: Paths, out: string): Promise<void> {
  await Promise.all([bundleSqlScripts(paths, join(out, "sql")), copyEngine(paths, join(out, "duckdb"))]);
}

/** The engine is 34 MB: more than some hosts take as one file, and not all compress it. Its name keeps hosts from telling the browser that it is compressed. */
async function copyEngine({ repository, siteDist }: Paths, out: string): Promise<void> {
  const npm = join(repository, "node_modules", "@duckdb", "duckdb-wasm");
  const { version } = JSON.parse(await Deno.readTextFile(join(npm, "package.json")));
  const [engine, worker] = [`eh-${version}.wasm.bin`, `eh-${version}.worker.js`];
  await Deno.mkdir(out, { recursive: true });
  await Deno.copyFile(join(npm, "dist", "duckdb-browser-eh.worker.js"), join(out, worker));
  const last = join(siteDist, "duckdb", engine);
  if (await exists(last)) return await Deno.copyFile(last, join(out, engine));
  const source = await Deno.open(join(npm, "dist", "duckdb-eh.wasm"));
  await Deno.writeFile(join(out, engine), source.readable.pipeThrough(new CompressionStream("gzip")));
}
