// What crawlers are told: robots.txt, and where the site's address is known, sitemap.xml.
import { join } from "node:path";
import { SitemapStream, streamToPromise } from "sitemap";

/** Writes robots.txt and sitemap.xml for `pages`, paths below `dist`; without `url` no sitemap, whose links must be whole. */
export async function writeForCrawlers(
  dist: string,
  pages: readonly string[],
  url: string | null,
): Promise<void> {
  const lines = ["User-agent: *", "Allow: /"];
  if (url !== null) {
    const sitemap = new SitemapStream({ xmlns: { news: false, video: false, xhtml: false, image: false } });
    for (const page of pages.filter((path) => path !== "404.html").sort()) {
      sitemap.write({ url: `${url}/${page === "index.html" ? "" : page}` });
    }
    sitemap.end();
    await Deno.writeFile(join(dist, "sitemap.xml"), await streamToPromise(sitemap));
    lines.push(`Sitemap: ${url}/sitemap.xml`);
  }
  await Deno.writeTextFile(join(dist, "robots.txt"), `${lines.join("\n")}\n`);
}
