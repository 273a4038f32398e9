// The Data page in a real browser: files with true sums, text that can be copied.
import { equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { sha256File } from "../../pipeline/lib/files.ts";
import { jsonl, plainLine, sealed, temporaryRoot } from "../fixtures.ts";
import { browserTest, visit } from "./browser.ts";
import { publishedSite } from "./serve.ts";

const root = await temporaryRoot();
const { paths } = root;
const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, 90));
await sealed(paths, "20260102-030405-abcd", "a", { "results.jsonl": jsonl(lines) });
const site = await publishedSite(root);

browserTest(
  "every file that the Data page lists lies there with the SHA-256 it says",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(`${site.url}data.html`);
      const rows = await page.locator("tr:has(code)", { has: page.locator("a[href^='data/']") }).all();
      ok(rows.length >= 7, String(rows.length));
      for (const row of rows) {
        const path = await row.locator("a").getAttribute("href") ?? "";
        const { sha256 } = await sha256File(join(paths.siteDist, path));
        equal(await row.locator("code").textContent(), sha256, path);
      }
    }),
);

browserTest(
  "a press of the button copies the SQL beside it",
  () =>
    visit(site.url, { permissions: ["clipboard-read", "clipboard-write"] }, async (page, faults) => {
      await page.goto(`${site.url}data.html`);
      const block = page.locator(".copyable", { hasText: "QUALIFY" });
      await block.locator("button").press("Enter");
      await block.locator("button", { hasText: "Copied" }).waitFor();
      equal(await page.evaluate("navigator.clipboard.readText()"), await block.locator("pre").textContent());
      equal(faults.length, 0);
    }),
);

browserTest(
  "without script there is no button to copy",
  () =>
    visit(site.url, { javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.url}data.html`);
      equal(await page.locator(".copyable button").first().isVisible(), false);
    }),
);

browserTest("the question by HTTP names a file that is there", () =>
  visit(site.url, {}, async (page) => {
    await page.goto(`${site.url}data.html`);
    const command = await page.locator(".copyable pre").first().innerText();
    const file = command.split("/api/v1/")[1] ?? "";
    ok((await Deno.stat(join(paths.siteDist, "api", "v1", file))).isFile);
  }));
