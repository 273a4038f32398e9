// data/export becomes site/dist: pages, and beside them the JSON mirror, Parquet, CSV, the database and the raw evidence.
import { build } from "astro";
import { join } from "node:path";
import process from "node:process";
import { bundlePageScript } from "../pipeline/lib/bundle.ts";
import { filesBelow } from "../pipeline/build/publish.ts";
import { ownOrShipped } from "../pipeline/lib/catalog.ts";
import { copyFolder, exists, sha256Hex } from "../pipeline/lib/files.ts";
import { messageOf, UserError } from "../pipeline/errors.ts";
import { type Paths, pathsOf } from "../pipeline/paths.ts";
import { writeForCrawlers } from "./crawlers.ts";
import { prepareSqlAssets } from "./sql_assets.ts";

export interface SiteOptions {
  /** Folder with data/export; the site goes to its site/dist. */
  readonly root: string;
  /** Address the site will have; feed, sitemap and the description of the data need it for whole links. */
  readonly url?: string | undefined;
  /** Path the site will be served under, that of `url` if not given; only 404.html depends on it, every other link is relative. */
  readonly base?: string | undefined;
  readonly log: (text: string) => void;
}

/** Builds the site beside the old one and then takes its place. */
export async function buildSite(
  { root, url, base, log }: SiteOptions,
): Promise<{ pages: number; bytes: number }> {
  const address = url === undefined ? null : addressOf(url);
  const paths = pathsOf(root);
  if (!await exists(join(paths.api, "index.json"))) {
    throw new UserError(
      `Cannot build the site: there is no ${join(paths.api, "index.json")}`,
      "Build the data first: `deno task build-data`.",
    );
  }
  const next = `${paths.siteDist}.next`;
  const assets = `${paths.siteDist}.assets`;
  // Astro renders in the project alone, and two builds of different roots must not meet there.
  const pagesOnly = join(paths.repository, "site", ".astro", sha256Hex(paths.siteDist).slice(0, 16));
  try {
    for (const folder of [next, assets, pagesOnly]) {
      await Deno.remove(folder, { recursive: true }).catch(() => undefined);
    }
    await prepareSqlAssets(paths, assets);
    process.env.ASTRO_TELEMETRY_DISABLED = "1";
    process.env.ALMANAC_EXPORT = paths.exported;
    process.env.ALMANAC_ASSETS = assets;
    process.env.ALMANAC_URL = address ?? "";
    process.env.ALMANAC_BASE = `/${base ?? pathOf(address)}/`.replace(/\/+/g, "/");
    await build({ root: join(paths.repository, "site"), outDir: pagesOnly, logLevel: "error" });
    await Deno.rename(pagesOnly, next).catch(() => copyFolder(pagesOnly, next));
    await bundlePageScript(paths, join(next, "almanac.js"));
    const { pages, bytes } = await pagesIn(next);
    await writeForCrawlers(next, pages, address);
    await copyData(paths, next);
    for (const folder of ["sql", "duckdb"]) await Deno.rename(join(assets, folder), join(next, folder));
    await copySwagger(paths, next);
    await Deno.remove(paths.siteDist, { recursive: true }).catch(() => undefined);
    await Deno.rename(next, paths.siteDist);
    log(`${pages.length} pages in ${paths.siteDist}`);
    return { pages: pages.length, bytes };
  } catch (cause) {
    await Deno.remove(next, { recursive: true }).catch(() => undefined);
    throw new UserError(
      `Cannot build the site ${paths.siteDist}: ${messageOf(cause).split("\n")[0]}`,
      "The site that was there before is unchanged. Check the free disk space, or build the data anew.",
      { cause },
    );
  } finally {
    for (const folder of [assets, pagesOnly]) {
      await Deno.remove(folder, { recursive: true }).catch(() => undefined);
    }
  }
}

async function copyData(paths: Paths, dist: string): Promise<void> {
  const { exported, raw } = paths;
  await copyFolder(await ownOrShipped(paths, "published"), join(dist, "published"));
  await copyFolder(join(exported, "api"), join(dist, "api"));
  await copyFolder(join(exported, "schema"), join(dist, "schema"));
  await Deno.mkdir(join(dist, "data"), { recursive: true });
  for await (const item of Deno.readDir(exported)) {
    const to = join(dist, "data", item.name);
    if (/\.(parquet|csv|duckdb|json)$/.test(item.name)) {
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

/** The interactive page's own program, served from here: no request to elsewhere. */
async function copySwagger({ repository }: Paths, dist: string): Promise<void> {
  const from = join(repository, "node_modules", "swagger-ui-dist");
  await Deno.mkdir(join(dist, "swagger"), { recursive: true });
  for (const name of ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"]) {
    await Deno.copyFile(join(from, name), join(dist, "swagger", name));
  }
}

/** Paths of the pages below `dist`, and their size in all. */
async function pagesIn(dist: string): Promise<{ pages: string[]; bytes: number }> {
  const pages = filesBelow(dist).filter((path) => path.endsWith(".html"));
  let bytes = 0;
  for (const page of pages) bytes += (await Deno.stat(join(dist, page))).size;
  return { pages, bytes };
}

function pathOf(address: string | null): string {
  return address === null ? "" : new URL(address).pathname;
}

/** The address without what follows its path; a UserError when it is none of the web. */
function addressOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) {
    throw new UserError(
      `Cannot build the site for ${url}: it is no address of the web`,
      "Give it whole, e.g. --url https://example.org/almanac.",
    );
  }
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, "");
}
