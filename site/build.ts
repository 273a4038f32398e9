// data/export becomes site/dist: pages, and beside them the JSON mirror, Parquet, CSV, the database and the raw evidence.
import { join } from "node:path";
import { bundlePageScript } from "../pipeline/lib/bundle.ts";
import { filesBelow, readPublished } from "../pipeline/build/publish.ts";
import { removeFolder } from "../pipeline/lib/files.ts";
import { replaceFolder, restoreFolder } from "../pipeline/lib/swap.ts";
import { messageOf, UserError } from "../pipeline/errors.ts";
import { type Paths, pathsOf } from "../pipeline/paths.ts";
import type { BuildRecord } from "../pipeline/schema/build_record.ts";
import { addressOf } from "./address.ts";
import { writeForCrawlers } from "./crawlers.ts";
import { publishData } from "./publish.ts";
import { renderPages } from "./render.ts";
import { prepareSqlAssets } from "./sql_assets.ts";

export interface SiteOptions {
  /** Folder with data/export; the site goes to its site/dist. Nobody else may write to it meanwhile. */
  readonly root: string;
  /** Address the site will have; feed, sitemap and the description of the data need it for whole links. */
  readonly url?: string | undefined;
  /** Path the site will be served under, that of `url` if not given; only 404.html depends on it, every other link is relative. */
  readonly base?: string | undefined;
  readonly log: (text: string) => void;
}

/** Builds the site beside the old one, which it then replaces. */
export async function buildSite(options: SiteOptions): Promise<{ pages: number; bytes: number }> {
  const paths = pathsOf(options.root);
  const address = options.url === undefined ? null : addressOf(options.url);
  const data = readPublished(paths.exported);
  if (data === null) {
    throw new UserError(
      `Cannot build the site: ${paths.exported} holds no finished build of the data`,
      "Build the data first: `deno task build-data`.",
    );
  }
  try {
    await restoreFolder(paths.siteDist, paths.siteAside);
    await removeFolder(paths.siteWork);
    await Deno.mkdir(paths.siteWork, { recursive: true });
    const { dist, pages, bytes } = await makeSite(paths, data, address, options);
    await replaceFolder(dist, paths.siteDist, paths.siteAside);
    options.log(`${pages} pages in ${paths.siteDist}`);
    return { pages, bytes };
  } catch (cause) {
    throw new UserError(
      `Cannot build the site ${paths.siteDist}: ${messageOf(cause).split("\n")[0]}`,
      "The site that was there before is unchanged. Check the free disk space, or build the data anew.",
      { cause },
    );
  } finally {
    await removeFolder(paths.siteWork).catch(() => undefined);
  }
}

/** Makes the whole site in the folder for work. */
async function makeSite(paths: Paths, data: BuildRecord, address: string | null, { base, log }: SiteOptions) {
  const work = paths.siteWork;
  const [dist, assets] = [join(work, "dist"), join(work, "assets")];
  await prepareSqlAssets(paths, assets);
  await renderPages(paths, { assets, url: address, base }, work, dist);
  await bundlePageScript(paths, join(dist, "almanac.js"));
  const pages = filesBelow(dist).filter((path) => path.endsWith(".html"));
  await writeForCrawlers(dist, pages, address);
  await publishData(paths, data, dist, log);
  for (const folder of ["sql", "duckdb"]) await Deno.rename(join(assets, folder), join(dist, folder));
  await copySwagger(paths, dist);
  return { dist, pages: pages.length, bytes: sizeOf(dist, pages) };
}

/** The interactive page's own program, served from here: no request to elsewhere. */
async function copySwagger({ repository }: Paths, dist: string): Promise<void> {
  const from = join(repository, "node_modules", "swagger-ui-dist");
  await Deno.mkdir(join(dist, "swagger"), { recursive: true });
  for (const name of ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"]) {
    await Deno.copyFile(join(from, name), join(dist, "swagger", name));
  }
}

/** Size of files in all, bytes. */
function sizeOf(folder: string, paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + Deno.statSync(join(folder, path)).size, 0);
}
