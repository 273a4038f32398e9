// A model's page in a real browser: price against speed, whose marks lead to their results, and badges to show elsewhere.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { ApiIndex, Pareto } from "../../pipeline/schema/api.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "../fixtures.ts";
import { ladder } from "../ladders.ts";
import { browserTest, visit } from "./browser.ts";
import { publishedSite } from "./serve.ts";

const MODEL = `"a" [model] <b>`;
const root = await temporaryRoot();
const { paths } = root;
for (const [name, tps, price] of [["fast", 200, 2.4], ["cheap", 80, 0.2], ["neither", 70, 1]] as const) {
  const lines = Array.from({ length: 12 }, (_, n) => plainLine(n, n * 2, tps));
  const hardware = { gpu_name: `NVIDIA ${name}` };
  await sealed(paths, "20260102-030405-abcd", name, {
    "results.jsonl": jsonl(lines),
    "metadata.json": metadata({ hardware, model: { name: MODEL } }),
  }, { price_per_hour: price });
}
const steps = [{ level: 1, ttft: 100, tpot: 10 }, { level: 4, ttft: 200, tpot: 40 }];
for (const host of ["h1", "h2", "h3"]) {
  await ladder(paths, host, { steps, host, model: "stairs", price: 0.5 });
}
await ladder(paths, "slow", {
  steps: steps.slice(1),
  gpu: "NVIDIA L4",
  model: "stairs",
  host: "h4",
  price: 0.1,
});
const site = await publishedSite(root, "--url", "https://example.org/almanac");
const read = async (path: string) => JSON.parse(await Deno.readTextFile(join(paths.api, path)));
const [model] = ApiIndex.parse(await read("index.json")).models;
ok(model);
const { points } = Pareto.parse(await read(`pareto/${model.slug}.json`));
const address = `${site.url}models/${model.slug}.html`;

browserTest(
  "each mark of the chart leads to its result and says what it is",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(address);
      const marks = page.locator(".for-wide svg.chart a");
      equal(await marks.count(), points.length);
      const titles = await marks.locator("title").allTextContents();
      ok(titles.includes("fast at vastai: 200.0 tokens/s for $2.40/h"), titles.join());
      const cheapest = points.find(({ gpu }) => gpu === "NVIDIA cheap");
      await marks.filter({ hasText: "cheap at" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(`${site.url}benchmarks/${cheapest?.id}.html`);
      deepEqual(faults, []);
    }),
);

browserTest("the chart names what no other result beats, in the width of a telephone too", async () => {
  for (const [width, chart] of [[360, ".for-narrow"], [1280, ".for-wide"]] as const) {
    await visit(site.url, { viewport: { width, height: 740 } }, async (page) => {
      await page.goto(address);
      equal(await page.locator("figure:has(svg.chart):visible").count(), 1);
      const figure = page.locator(chart);
      const labels = await figure.locator("svg text").allTextContents();
      ok(labels.includes("fast") && labels.includes("cheap") && !labels.includes("neither"), labels.join());
      const [frame, svg] = [await figure.boundingBox(), await figure.locator("svg").boundingBox()];
      ok(frame && svg && svg.width <= frame.width && frame.x + frame.width <= width);
    });
  }
});

browserTest("the chart's figures stand in the table below it", () =>
  visit(site.url, {}, async (page) => {
    await page.goto(address);
    const rows = page.locator("[aria-label=Comparison] tbody tr");
    for (const { gpu, price_per_hour, rate_tokens_per_second } of points) {
      const row = rows.filter({ hasText: gpu.replace("NVIDIA ", "") });
      match(
        await row.innerText(),
        new RegExp(`${rate_tokens_per_second.toFixed(1)}\\s+\\$${price_per_hour.toFixed(2)}`),
      );
    }
  }));

browserTest(
  "badges are pictures, and what is copied shows them elsewhere, whatever the model's name",
  () =>
    visit(site.url, { bypassCSP: true }, async (page) => {
      await page.goto(address);
      await page.locator("summary", { hasText: "Badges" }).click();
      const shown = await page.locator("details img").evaluateAll((all) =>
        all.map((each) => each as unknown as { alt: string; naturalWidth: number })
          .map(({ alt, naturalWidth }) => ({ alt, naturalWidth }))
      );
      deepEqual(shown.map(({ alt }) => alt), [
        `fastest ${MODEL}: fast, 200.0 tokens/s`,
        `best value ${MODEL}: cheap, 1,440,000 tokens/$`,
      ]);
      ok(shown.every(({ naturalWidth }) => naturalWidth > 100));
      const html = await page.locator("details pre").first().textContent() ?? "";
      const parsed = await page.evaluate(
        `(() => { const { body } = new DOMParser().parseFromString(${JSON.stringify(html)}, "text/html");
        const image = body.querySelector("a > img"); return [image.alt, image.getAttribute("src"), body.querySelectorAll("*").length]; })()`,
      );
      deepEqual(parsed, [shown[0]?.alt, `https://example.org/almanac/badge/${model.slug}.svg`, 2]);
      const markdown = await page.locator("details pre").nth(1).textContent() ?? "";
      match(markdown, /^\[!\[fastest "a" \\\[model\\\] \\<b\\>: fast, 200\.0 tokens\/s\]\(https:/);
    }),
);

browserTest("a badge opens by itself as an image without a fault", () =>
  visit(site.url, {}, async (page) => {
    await page.goto(`${site.url}badge/value/${model.slug}.svg`);
    equal(await page.evaluate("document.documentElement.nodeName"), "svg");
    equal(
      await page.evaluate("document.title || document.querySelector('title').textContent"),
      `best value ${MODEL}: cheap, 1,440,000 tokens/$`,
    );
  }));

browserTest(
  "within the limits of each tier a page has the level, tokens per dollar and machines, and who missed them",
  () =>
    visit(site.url, { viewport: { width: 360, height: 740 } }, async (page, faults) => {
      await page.goto(`${site.url}models/stairs.html`);
      const titles = await page.locator("h3").allTextContents();
      deepEqual(titles, [
        "Interactive: first token within 500 ms, then 30 ms a token",
        "Standard: first token within 2,000 ms, then 100 ms a token",
        "Relaxed: first token within 2,000 ms, then 200 ms a token",
      ]);
      const rows = async (title: string) =>
        (await page.locator(`[aria-label="${title}"] tbody tr`).allInnerTexts()).map((text) =>
          text.replaceAll(/\s+/g, " ")
        );
      const [strict = "", ...others] = titles;
      const [only, ...more] = await rows(strict);
      match(
        only ?? "",
        /^RTX 4090 Vast\.ai 661K 661K–661K \(95 %\) 3 \$0\.50 1 12 91\.8 100\.0 ollama, 256 tokens$/,
      );
      deepEqual(more, []);
      match(
        await page.locator("ul", { hasText: "to the first token" }).innerText(),
        /^L4, Vast\.ai: 200 ms .* 40\.0 ms .* 4, the only level/,
      );
      for (const title of others) equal((await rows(title)).length, 2);
      equal(await page.evaluate("document.documentElement.scrollWidth <= 360"), true);
      deepEqual(faults, []);
    }),
);

browserTest(
  "where no result knows its percentiles the page says so and shows no table of limits",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(address);
      match(
        await page.locator("#slo + p").innerText(),
        /^None of the 3 results says how long 99 of 100 requests/,
      );
      equal(await page.locator("h3").count(), 0);
    }),
);
