// build-data, build-site, and both.
import { buildData, type Built, isOfAnotherVersion } from "../build/mod.ts";
import { exists } from "../lib/files.ts";
import { lockRoot } from "../lib/lock.ts";
import type { Log } from "../lib/log.ts";
import type { Paths } from "../paths.ts";
import type { Shell } from "../main.ts";

/** Where the site will stand. */
export interface Addressed {
  readonly base?: string;
  readonly url?: string;
}

/** Builds data/export from data/raw. */
export async function buildDataCommand({ paths, log, print }: Shell): Promise<void> {
  const started = performance.now();
  const built = await buildLocked(paths, log);
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  print(
    `${built.benchmarks} benchmarks in ${paths.exported} (${built.directories_read} raw directories read, ${seconds} s)\n`,
  );
}

/** Builds the data while no other command writes to the root. */
export async function buildLocked(paths: Paths, log: Log): Promise<Built> {
  using _lock = await lockRoot(paths.root);
  return await buildData(paths, log);
}

/** Builds the data where there is none yet, and where another version of the almanac built it. */
export async function buildWhereNeeded(paths: Paths, log: Log): Promise<void> {
  const isThere = await exists(paths.database);
  if (isThere && !await isOfAnotherVersion(paths)) return;
  log.info(
    isThere
      ? "the data was built by another version of the almanac, building it anew"
      : "there is no built data yet, building it",
  );
  await buildLocked(paths, log);
}

/** Builds site/dist from data/export. */
export async function buildSiteCommand(options: Addressed, { paths, log, print }: Shell): Promise<void> {
  using _lock = await lockRoot(paths.root);
  const { buildSite } = await import("../../site/build.ts");
  const { pages } = await buildSite({
    root: paths.root,
    base: options.base,
    url: options.url,
    log: log.info,
  });
  if (options.url === undefined) {
    log.info("without --url there is no sitemap, and the feed's links are relative");
  }
  print(`${pages} pages in ${paths.siteDist}\n`);
}

/** Builds both; an address that is none is refused before anything is built. */
export async function buildCommand(options: Addressed, shell: Shell): Promise<void> {
  const { addressOf } = await import("../../site/address.ts");
  if (options.url !== undefined) addressOf(options.url);
  await buildDataCommand(shell);
  await buildSiteCommand(options, shell);
}
