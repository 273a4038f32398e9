// The pages: Astro renders them in a folder of its own, so that nothing is written beside their sources.
import { type AstroInlineConfig, build } from "astro";
import { join, relative } from "node:path";
import process from "node:process";
import type { Paths } from "../pipeline/paths.ts";
import { pathOf } from "./address.ts";

/** What the pages are told. */
export interface Rendered {
  /** Where the scripts of the SQL page lie. */
  readonly assets: string;
  readonly url: string | null;
  readonly base: string | undefined;
}

/** Renders the pages into `out`, a folder below `work`. */
export async function renderPages(
  { repository, exported }: Paths,
  { assets, url, base }: Rendered,
  work: string,
  out: string,
): Promise<void> {
  const site = join(repository, "site");
  process.env.ASTRO_TELEMETRY_DISABLED = "1";
  process.env.ALMANAC_EXPORT = exported;
  process.env.ALMANAC_ASSETS = assets;
  process.env.ALMANAC_URL = url ?? "";
  process.env.ALMANAC_BASE = `/${base ?? pathOf(url)}/`.replace(/\/+/g, "/");
  // What Astro writes on its way and then runs finds its packages here.
  await Deno.symlink(join(repository, "node_modules"), join(work, "node_modules"), { type: "dir" });
  // Outside of the current folder Astro would not work where it is told to, but there.
  const home = Deno.cwd();
  Deno.chdir(work);
  try {
    await build(configOf(site, work, out));
  } finally {
    Deno.chdir(home);
  }
}

function configOf(site: string, work: string, out: string): AstroInlineConfig {
  return {
    root: work,
    configFile: relative(work, join(site, "astro.config.mjs")),
    srcDir: join(site, "src"),
    publicDir: join(site, "public"),
    outDir: out,
    cacheDir: join(work, "cache"),
    vite: { cacheDir: join(work, "vite") },
    logLevel: "error",
  };
}
