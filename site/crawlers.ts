// What crawlers are told: robots.txt, and where the site's address is known, sitemap.xml.
import { join } from "node:path";
import { escapeMarkup } from "./src/lib/escape.ts";

/** Writes robots.txt and sitemap.xml for `pages`, paths below `dist`; without `url` no sitemap, whose links must be whole. */
export async function writeForCrawlers(
  dist: string,
  pages: readonly string[],
  url: string | null,
): Promise<void> {
  const lines = ["User-agent: *", "Allow: /"];
  if (url !== null) {
    await Deno.writeTextFile(join(dist, "sitemap.xml"), sitemapOf(pages, url));
    lines.push(`Sitemap: ${url}/sitemap.xml`);
  }
  await Deno.writeTextFile(join(dist, "robots.txt"), `${lines.join("\n")}\n`);
}

/** The pages as sitemaps.org wants them, at most 50,000 a file. */
function sitemapOf(pages: readonly string[], url: string): string {
  const entries = pages.filter((path) => path !== "404.html").sort().slice(0, 50_000).map((page) =>
    `<url><loc>${escapeMarkup(`${url}/${page === "index.html" ? "" : page}`)}</loc></url>\n`
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${entries.join("")}</urlset>
`;
}
