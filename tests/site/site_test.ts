// The published site in a real browser: every page opens, says what the JSON says, and can be used by everybody.
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { Paths } from "../../pipeline/paths.ts";
import { BenchmarkList } from "../../pipeline/schema/api.ts";
import { ENDPOINTS } from "../../pipeline/schema/endpoints.ts";
import { jsonl, metadata, sealed, temporaryRoot } from "../fixtures.ts";
import { browserTest, visit as visitSite } from "./browser.ts";
import { publishedSite } from "./serve.ts";

const HOSTILE = `<script>alert("x")</script>&amp;'`;

/** A result with telemetry of `gpus` GPUs. */
async function result(
  paths: Paths,
  name: string,
  tps: number,
  more: { model?: object; hardware?: object; price?: number } = {},
) {
  const lines = Array.from({ length: 40 }, (_, n) => ({
    t: 1767323045 + n * 3,
    n,
    tok: 256,
    tps,
    dur: 256 / tps,
    err: false,
    phase: "measure",
    level: 1,
    prompt: "coding",
    scheduled_ns: n * 3e9,
    sent_ns: n * 3e9,
    first_text_ns: n * 3e9 + 3e7,
    last_text_ns: Math.round(n * 3e9 + 3e7 + 255 / tps * 1e9),
    end_ns: Math.round(n * 3e9 + 3e7 + 255 / tps * 1e9),
  }));
  const gpu = Array.from({ length: 120 }, (_, second) => {
    const at = new Date(1767323045000 + second * 1000).toISOString().replaceAll("-", "/").replace("T", " ")
      .slice(0, 23);
    return `${at}, 0, 97, 18000, 24564, ${60 + second % 5}, ${300 + second % 7}\n`;
  });
  await sealed(paths, "20260102-030405-abcd", name, {
    "results.jsonl": jsonl(lines),
    "gpu.csv": `timestamp,gpu_index,utilization_pct,memory_used_mib,memory_total_mib,temperature_c,power_w\n${
      gpu.join("")
    }`,
    "metadata.json": metadata(more),
  }, { price_per_hour: more.price ?? 0.4 });
}

const root = await temporaryRoot();
const { paths } = root;
await result(paths, "a", 90);
await result(paths, "b", 150, {
  hardware: { gpu_name: "NVIDIA H100 80GB HBM3", gpu_memory_mib: 81559 },
  price: 2.4,
});
await result(paths, "c", 70, { model: { name: HOSTILE } });
await result(paths, "d", 50, { model: { name: "synthetic:15m", weights: "random" } });
const site = await publishedSite(root, "--base", "/almanac");
const { benchmarks } = BenchmarkList.parse(
  JSON.parse(await Deno.readTextFile(join(paths.api, "benchmarks.json"))),
);
const first = benchmarks.find((benchmark) => benchmark.provenance.entry_id === "a");
ok(first);

const visit = (options: BrowserContextOptions, work: (page: Page, faults: string[]) => Promise<void>) =>
  visitSite(site.url, options, work);

async function pages(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const item of Deno.readDir(join(paths.siteDist, folder))) {
    const path = folder === "" ? item.name : `${folder}/${item.name}`;
    if (item.isDirectory) found.push(...await pages(path));
    else if (item.name.endsWith(".html")) found.push(path);
  }
  return found.sort();
}

browserTest(
  "every page opens below a base path without an error or a request to elsewhere, at 360 pixels too",
  () =>
    visit({ viewport: { width: 360, height: 740 } }, async (page, faults) => {
      const all = await pages();
      equal(all.length, 1 + 1 + 1 + 1 + 2 + 4 + 3 + 2 + 4);
      for (const path of all) {
        await page.goto(`${site.url}${path}`);
        equal(await page.locator("h1").count(), 1, path);
        const wide = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        equal(wide, 0, `${path} scrolls sideways`);
      }
      deepEqual(faults, []);
    }),
);

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(
    `axe finds no accessibility fault on any page, ${colorScheme}`,
    () =>
      visit({ colorScheme, bypassCSP: true }, async (page) => {
        for (const path of await pages()) {
          await page.goto(`${site.url}${path}`);
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
          deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), [], path);
        }
      }),
  );
}

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`the API page shows every operation, from files of its own, ${colorScheme}`, async () => {
    const operations = Object.values(ENDPOINTS).length + 2;
    await visit({ colorScheme }, async (page, faults) => {
      await page.goto(`${site.url}api.html`);
      const last = page.locator("#swagger .opblock").nth(operations - 1);
      await last.waitFor();
      await last.locator(".opblock-summary-control").click();
      await page.locator("#swagger .responses-table").waitFor();
      equal(await page.locator("#swagger .opblock").count(), operations);
      deepEqual(faults, []);
    });
    await visit({ colorScheme, bypassCSP: true }, async (page) => {
      await page.goto(`${site.url}api.html`);
      await page.locator("#swagger .opblock").nth(operations - 1).waitFor();
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
      deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), []);
    });
  });
}

browserTest(
  "every link inside the site leads somewhere, raw evidence, JSON and Parquet included",
  () =>
    visit({}, async (page) => {
      const links = new Set<string>();
      for (const path of await pages()) {
        await page.goto(`${site.url}${path}`);
        const found = await page.locator("a[href]").evaluateAll((all) =>
          all.map((each) => each.getAttribute("href") ?? "")
        );
        found.map((link) => new URL(link, page.url()).href).filter((link) => link.startsWith(site.url))
          .forEach((link) => links.add(link.split("#")[0] ?? ""));
      }
      ok(
        [...links].some((link) => link.endsWith("results.jsonl")) &&
          [...links].some((link) => link.endsWith(".parquet")),
      );
      for (const link of links) {
        const response = await fetch(link);
        equal(response.status, 200, link);
        await response.body?.cancel();
      }
    }),
);

browserTest("a benchmark's headline figures are those of its JSON", () =>
  visit({}, async (page) => {
    await page.goto(`${site.url}benchmarks/${first.id}.html`);
    const shown = async (name: string) =>
      Number((await page.locator(`[data-figure="${name}"]`).innerText()).replaceAll(",", ""));
    equal(await shown("avg_tokens_per_second"), Number(first.results.avg_tokens_per_second?.toFixed(1)));
    equal(
      await shown("throughput_tokens_per_second"),
      Number(first.throughput_tokens_per_second?.toFixed(1)),
    );
    equal(await shown("p50_ttft_ms"), Number(first.results.p50_ttft_ms?.toFixed(0)));
  }));

browserTest(
  "the charts draw every request and the GPU's telemetry, each id once, nothing inline",
  () =>
    visit({}, async (page) => {
      await page.goto(`${site.url}benchmarks/${first.id}.html`);
      equal(await page.locator("svg.chart").count(), 6);
      equal(await page.locator("svg.chart").first().locator("circle").count(), first.results.total_requests);
      const ids = await page.locator("[id]").evaluateAll((all) => all.map((each) => each.id));
      equal(new Set(ids).size, ids.length);
      equal(await page.locator("[style], style, script:not([src])").count(), 0);
      const colour = await page.evaluate("getComputedStyle(document.querySelector('svg.chart circle')).fill");
      equal(colour, "rgb(31, 111, 178)");
    }),
);

browserTest(
  "the home page names the fastest and the cheapest of each model",
  () =>
    visit({}, async (page) => {
      await page.goto(site.url);
      const row = page.locator("table").first().locator("tbody tr", { hasText: "qwen2:7b" });
      deepEqual((await row.locator("td").allInnerTexts()).map((text) => text.trim()), [
        "qwen2:7b",
        "H100 SXM",
        "150.0",
        "RTX 4090, Vast.ai",
        "810K",
        "$1.23",
        "2",
      ]);
    }),
);

browserTest(
  "tables are sorted from the keyboard and say so; without script they are read as they are",
  async () => {
    await visit({}, async (page) => {
      await page.goto(site.url);
      await page.keyboard.press("Tab");
      equal(await page.evaluate("document.activeElement.textContent"), "Skip to the content");
      const head = page.locator("table").last().locator("th", { hasText: "Tokens/s" });
      await head.locator("button").focus();
      await page.keyboard.press("Enter");
      equal(await head.getAttribute("aria-sort"), "descending");
      const column = () => page.locator("table").last().locator("tbody tr td:nth-child(7)").allInnerTexts();
      deepEqual(await column(), ["150.0", "90.0", "70.0", "50.0"]);
      await page.keyboard.press("Enter");
      equal(await head.getAttribute("aria-sort"), "ascending");
      deepEqual(await column(), ["50.0", "70.0", "90.0", "150.0"]);
    });
    await visit({ javaScriptEnabled: false }, async (page, faults) => {
      await page.goto(site.url);
      equal(await page.locator("table").last().locator("tbody tr").count(), 4);
      deepEqual(faults, []);
    });
  },
);

browserTest("hostile names are shown as text", () =>
  visit({}, async (page, faults) => {
    await page.goto(site.url);
    ok((await page.locator("body").innerText()).includes(HOSTILE));
    await page.getByRole("link", { name: HOSTILE }).first().click();
    equal(await page.locator("h1").innerText(), HOSTILE);
    deepEqual(faults, []);
  }));

browserTest(
  "random weights are said on every page that shows such a result",
  () =>
    visit({}, async (page) => {
      const random = benchmarks.find((benchmark) => benchmark.model.weights === "random");
      for (const path of ["index.html", "models/synthetic-15m.html", `benchmarks/${random?.id}.html`]) {
        await page.goto(`${site.url}${path}`);
        ok((await page.locator("main").innerText()).includes("weights: random"), path);
      }
    }),
);

browserTest("the site works from a folder on disk, with its style", () =>
  visit({}, async (page, faults) => {
    await page.goto(`file://${join(paths.siteDist, "index.html")}`);
    await page.locator("table").last().locator("tbody a").first().click();
    equal(await page.locator("h1").count(), 1);
    equal(await page.evaluate("getComputedStyle(document.querySelector('header')).display"), "flex");
    deepEqual(faults, []);
  }));

browserTest("an unknown address gets a page that knows its way home", () =>
  visit({}, async (page) => {
    const response = await page.goto(`${site.url}deep/down/nothing.html`);
    equal(response?.status(), 404);
    await page.locator("main a").click();
    equal(page.url(), `${site.url}index.html`);
  }));

browserTest("dark and print have their own colours", async () => {
  const background = "getComputedStyle(document.body).backgroundColor";
  await visit({ colorScheme: "dark" }, async (page) => {
    await page.goto(site.url);
    equal(await page.evaluate(background), "rgb(20, 23, 27)");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    equal(await page.evaluate(background), "rgb(255, 255, 255)");
  });
});
