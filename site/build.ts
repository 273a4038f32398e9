// data/export becomes site/dist: pages, and beside them the JSON mirror, Parquet, the database and the raw evidence.
import { build } from "astro";
import { join } from "node:path";
import process from "node:process";
import { copyFolder, exists } from "../pipeline/lib/files.ts";
import { messageOf, UserError } from "../pipeline/errors.ts";
import { pathsOf } from "../pipeline/paths.ts";
import { prepareSqlAssets } from "./sql_assets.ts";

export interface SiteOptions {
  /** Folder with data/export; the site goes to its site/dist. */
  readonly root: string;
  /** Path the site will be served under; only 404.html depends on it, every other link is relative. */
  readonly base?: string;
  readonly log: (text: string) => void;
}

/** Builds the site beside the old one and then takes its place. */
export async function buildSite(
  { root, base = "/", log }: SiteOptions,
): Promise<{ pages: number; bytes: number }> {
  const paths = pathsOf(root);
  if (!await exists(join(paths.api, "index.json"))) {
    throw new UserError(
      `Cannot build the site: there is no ${join(paths.api, "index.json")}`,
      "Build the data first: `deno task build-data`.",
    );
  }
  const next = `${paths.siteDist}.next`;
  const assets = `${paths.siteDist}.assets`;
  try {
    for (const folder of [next, assets]) {
      await Deno.remove(folder, { recursive: true }).catch(() => undefined);
    }
    await prepareSqlAssets(paths, assets);
    process.env.ASTRO_TELEMETRY_DISABLED = "1";
    process.env.ALMANAC_EXPORT = paths.exported;
    process.env.ALMANAC_ASSETS = assets;
    process.env.ALMANAC_BASE = `/${base}/`.replace(/\/+/g, "/");
    await build({ root: join(paths.repository, "site"), outDir: next, logLevel: "error" });
    const { pages, bytes } = await pagesIn(next);
    await copyData(paths, next);
    for (const folder of ["sql", "duckdb"]) await Deno.rename(join(assets, folder), join(next, folder));
    await Deno.remove(paths.siteDist, { recursive: true }).catch(() => undefined);
    await Deno.rename(next, paths.siteDist);
    log(`${pages} pages in ${paths.siteDist}`);
    return { pages, bytes };
  } catch (cause) {
    await Deno.remove(next, { recursive: true }).catch(() => undefined);
    throw new UserError(
      `Cannot build the site ${paths.siteDist}: ${messageOf(cause).split("\n")[0]}`,
      "The site that was there before is unchanged. Check the free disk space, or build the data anew.",
      { cause },
    );
  } finally {
    await Deno.remove(assets, { recursive: true }).catch(() => undefined);
  }
}

async function copyData({ exported, raw }: ReturnType<typeof pathsOf>, dist: string): Promise<void> {
  await copyFolder(join(exported, "api"), join(dist, "api"));
  await copyFolder(join(exported, "schema"), join(dist, "schema"));
  await Deno.mkdir(join(dist, "data"), { recursive: true });
  for await (const item of Deno.readDir(exported)) {
    const to = join(dist, "data", item.name);
    if (/\.(parquet|duckdb|json)$/.test(item.name)) {
      if (item.isDirectory) await copyFolder(join(exported, item.name), to);
      else await Deno.copyFile(join(exported, item.name), to);
    }
  }
  if (!await exists(raw)) return;
  for await (const run of Deno.readDir(raw)) {
    if (!run.isDirectory) continue;
    for await (const entry of Deno.readDir(join(raw, run.name))) {
      if (!entry.isDirectory || entry.name.startsWith(".")) continue;
      await copyFolder(join(raw, run.name, entry.name), join(dist, "raw", run.name, entry.name));
    }
  }
}

async function pagesIn(dist: string): Promise<{ pages: number; bytes: number }> {
  let pages = 0;
  let bytes = 0;
  const visit = async (folder: string) => {
    for await (const item of Deno.readDir(folder)) {
      const path = join(folder, item.name);
      if (item.isDirectory) await visit(path);
      else if (item.name.endsWith(".html")) {
        pages += 1;
        bytes += (await Deno.stat(path)).size;
      }
    }
  };
  await visit(dist);
  return { pages, bytes };
}
