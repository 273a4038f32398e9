// What the site says of its own address: sitemap, feed, robots, the description of the data; and what it says without one.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { buildData } from "../../pipeline/build/mod.ts";
import { sha256File } from "../../pipeline/lib/files.ts";
import { cli } from "../e2e/cli.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "../fixtures.ts";
import { browserTest, visit } from "./browser.ts";
import { serveSite } from "./serve.ts";

const HOSTILE = `</script><script>alert(1)</script>`;
const root = await temporaryRoot();
const { paths } = root;
const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 90));
const files = { "results.jsonl": jsonl(lines), "metadata.json": metadata({ model: { name: HOSTILE } }) };
await sealed(paths, "20260102-030405-abcd", "a", files);
await buildData(paths, root.log);
const site = serveSite(paths.siteDist);
Deno.test.afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

const text = (path: string) => Deno.readTextFile(join(paths.siteDist, path));
const build = (...options: string[]) => cli("build-site", "--root", paths.root, ...options);

/** The root element's name and all that the JSON-LD blocks say, as a browser reads them. */
const rootOf = (path: string) =>
  `fetch("${path}").then((answer) => answer.text()).then((text) =>
     new DOMParser().parseFromString(text, "application/xml").documentElement.nodeName)`;

browserTest("with an address the sitemap, the feed and the description of the data use it", async () => {
  const { code, err } = await build("--url", "https://example.org/almanac/?from=here");
  equal(code, 0, err);
  const [, ...locations] = (await text("sitemap.xml")).split("<loc>").map((part) => part.split("<")[0] ?? "");
  ok(locations.includes("https://example.org/almanac/") && !locations.some((each) => each.includes("404")));
  for (const location of locations) {
    const path = location.replace("https://example.org/almanac/", "") || "index.html";
    ok((await Deno.stat(join(paths.siteDist, path))).isFile, path);
  }
  match(await text("robots.txt"), /^Sitemap: https:\/\/example\.org\/almanac\/sitemap\.xml$/m);
  match(await text("feed.xml"), /href="https:\/\/example\.org\/almanac\/benchmarks\//);
  match(await text("404.html"), /href="\/almanac\/style\.css"/);
  await visit(site.url, { bypassCSP: true }, async (page) => {
    await page.goto(site.url);
    equal(await page.evaluate(rootOf("feed.xml")), "feed");
    equal(await page.evaluate(rootOf("sitemap.xml")), "urlset");
  });
});

browserTest("without an address there is no sitemap, and one line says so", async () => {
  const { code, err } = await build();
  equal(code, 0, err);
  match(err, /without --url there is no sitemap, and the feed's links are relative/);
  await Deno.stat(join(paths.siteDist, "sitemap.xml")).then(() => ok(false), () => undefined);
  match(await text("robots.txt"), /^User-agent: \*\nAllow: \/\n$/);
  match(await text("feed.xml"), /href="benchmarks\//);
});

Deno.test("two sites built at the same time do not disturb each other", async () => {
  await using other = await temporaryRoot();
  await cp(paths.exported, other.paths.exported, { recursive: true });
  const built = await Promise.all([build(), cli("build-site", "--root", other.paths.root)]);
  for (const { code, err } of built) equal(code, 0, err);
});

browserTest("home and Data page describe the data in JSON-LD, which the policy lets be", async () => {
  equal((await build()).code, 0);
  await visit(site.url, {}, async (page, faults) => {
    for (const path of ["index.html", "data.html"]) {
      await page.goto(`${site.url}${path}`);
      const [block = ""] = await page.locator("head script[type='application/ld+json']").allTextContents();
      const dataset = JSON.parse(block);
      equal(dataset["@type"], "Dataset");
      for (const { contentUrl, sha256 } of dataset.distribution) {
        deepEqual((await sha256File(join(paths.siteDist, contentUrl))).sha256, sha256, contentUrl);
      }
    }
    deepEqual(faults, []);
  });
});

browserTest("every resource of the data package lies there with its size and sum", async () => {
  equal((await build()).code, 0);
  const { resources } = JSON.parse(await text("data/datapackage.json"));
  ok(resources.length >= 7);
  for (const { path, bytes, hash } of resources) {
    const found = await sha256File(join(paths.siteDist, "data", path));
    deepEqual([found.bytes, `sha256:${found.sha256}`], [bytes, hash], path);
  }
});

browserTest("what is no address of the web is refused", async () => {
  const { code, err } = await build("--url", "example.org");
  equal(code, 1);
  match(err, /^Cannot build the site for example\.org: it is no address of the web\nGive it whole, e\.g\. /m);
});
