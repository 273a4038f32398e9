// What the SQL page needs besides its HTML: its scripts, bundled, and DuckDB for the browser.
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { bundleSqlScripts } from "../pipeline/lib/bundle.ts";
import type { Paths } from "../pipeline/paths.ts";

/** Writes sql/*.js and duckdb/* below `out`. */
export async function prepareSqlAssets(paths: Paths, out: string): Promise<void> {
  await Promise.all([bundleSqlScripts(paths, join(out, "sql")), packEngine(paths, join(out, "duckdb"))]);
}

/** The engine is 34 MB: more than some hosts take as one file, and not all compress it. Its name keeps hosts from telling the browser that it is compressed. */
async function packEngine({ repository }: Paths, out: string): Promise<void> {
  const npm = join(repository, "node_modules", "@duckdb", "duckdb-wasm");
  const { version } = JSON.parse(await Deno.readTextFile(join(npm, "package.json")));
  await Deno.mkdir(out, { recursive: true });
  await Deno.copyFile(join(npm, "dist", "duckdb-browser-eh.worker.js"), join(out, `eh-${version}.worker.js`));
  const engine = await Deno.readFile(join(npm, "dist", "duckdb-eh.wasm"));
  await Deno.writeFile(join(out, `eh-${version}.wasm.bin`), await promisify(gzip)(engine));
}
