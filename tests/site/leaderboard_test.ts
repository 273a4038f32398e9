// The leaderboard in a real browser: filters, sorting, the address, back and forward, the CSV, without script.
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { temporaryRoot } from "../fixtures.ts";
import { browserTest, visit } from "./browser.ts";
import { plainResult, publishedSite } from "./serve.ts";

const root = await temporaryRoot();
const { paths } = root;
const H100 = { gpu_name: "NVIDIA H100", gpu_memory_mib: 81559 };
await plainResult(paths, "a", 80, {}, "vastai", 0.4);
await plainResult(paths, "b", 200, { hardware: H100 }, "lambda", 2.4);
await plainResult(paths, "c", 60, { hardware: H100, model: { name: "llama3:70b" } }, "vastai", 2.1);
await plainResult(
  paths,
  "d",
  50,
  { model: { name: "llama3:70b" }, hardware: { gpu_count: 2 } },
  "runpod",
  null,
);
const site = await publishedSite(root, "--base", "/almanac");

const choose = (page: Page, name: string, value: string) =>
  page.locator(`[name=${name}]`).selectOption(value);
const status = (page: Page) => page.locator("[role=status]").innerText();
/** Tokens/s of the rows that are shown. */
const speeds = (page: Page) =>
  page.locator("table.filtered tbody tr:visible td:nth-child(7)").allInnerTexts();

browserTest(
  "filters combine, stand in the address and are said politely",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(site.url);
      equal(await status(page), "4 results");
      await choose(page, "gpu", "H100");
      equal(page.url(), `${site.url}?gpu=H100`);
      equal(await status(page), "2 of 4 results");
      await page.locator("[name=max_price]").fill("2.2");
      equal(await status(page), "1 of 4 results");
      deepEqual(await speeds(page), ["60.0"]);
      await page.locator("[name=max_price]").press("Enter");
      equal(page.url(), `${site.url}?gpu=H100&max_price=2.2`);
      await page.locator("[name=reset]").click();
      equal(page.url(), site.url);
      equal(await page.locator("[name=max_price]").inputValue(), "");
      equal((await speeds(page)).length, 4);
      deepEqual(faults, []);
    }),
);

browserTest(
  "a choice that would show nothing is dimmed and says so",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(`${site.url}?model=qwen2:7b`);
      const option = page.locator("[name=provider] option", { hasText: "runpod" });
      equal(await option.innerText(), "runpod (0)");
      equal(await option.isDisabled(), true);
      equal(await page.locator("[name=provider] option", { hasText: "lambda" }).isDisabled(), false);
    }),
);

browserTest(
  "an address restores filters and order, and back and forward step through them",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(`${site.url}?min_vram=40&sort=avg_tokens_per_second`);
      deepEqual(await speeds(page), ["50.0", "60.0", "200.0"]);
      equal(await page.locator("[name=min_vram]").inputValue(), "40");
      const head = page.locator("table.filtered th[data-column=avg_tokens_per_second]");
      equal(await head.getAttribute("aria-sort"), "ascending");
      await head.locator("button").press("Enter");
      match(page.url(), /\?min_vram=40&sort=-avg_tokens_per_second$/);
      await choose(page, "provider", "vastai");
      deepEqual(await speeds(page), ["60.0"]);
      await page.goBack();
      deepEqual(await speeds(page), ["200.0", "60.0", "50.0"]);
      equal(await page.locator("[name=provider]").inputValue(), "");
      await page.goBack();
      deepEqual(await speeds(page), ["50.0", "60.0", "200.0"]);
      await page.goForward();
      equal(await head.getAttribute("aria-sort"), "descending");
    }),
);

browserTest(
  "the CSV holds exactly the rows that are shown, in their order",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(`${site.url}?model=qwen2:7b&sort=-price_per_hour`);
      const started = page.waitForEvent("download");
      await page.locator("[name=csv]").click();
      const text = await Deno.readTextFile(await (await started).path());
      const [head, ...rows] = text.trimEnd().split("\r\n").map((line) => line.split(","));
      deepEqual(head?.slice(0, 4), ["id", "model_name", "gpu", "gpu_memory_gib"]);
      const column = head?.indexOf("price_per_hour") ?? -1;
      deepEqual(rows.map((cells) => [cells[2], cells[column]]), [["H100", "2.40"], [
        "RTX 4090",
        "0.40",
      ]]);
      deepEqual(faults, []);
    }),
);

browserTest(
  "without script there is the plain table and no control that does nothing",
  () =>
    visit(site.url, { javaScriptEnabled: false }, async (page) => {
      await page.goto(site.url);
      equal((await speeds(page)).length, 4);
      equal(await page.locator("form.filters").isVisible(), false);
    }),
);

browserTest("the filters work from a folder on disk", () =>
  visit(site.url, {}, async (page, faults) => {
    await page.goto(`file://${join(paths.siteDist, "index.html")}`);
    await choose(page, "provider", "lambda");
    match(page.url(), /index\.html\?provider=lambda$/);
    deepEqual(await speeds(page), ["200.0"]);
    deepEqual(faults, []);
  }));

browserTest(
  "axe finds no fault in a filtered table, and hostile addresses are text",
  () =>
    visit(site.url, { bypassCSP: true }, async (page, faults) => {
      await page.goto(`${site.url}?model=${encodeURIComponent(`<img src=x onerror=alert(1)>`)}`);
      equal(await status(page), "0 of 4 results");
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
      deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), []);
      deepEqual(faults, []);
    }),
);
