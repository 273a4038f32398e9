// A benchmark's page in a real browser: its ladder, verdicts in words, the load generator, and what other tools would print.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { buildData } from "../../pipeline/build/mod.ts";
import { BenchmarkDetail, BenchmarkList } from "../../pipeline/schema/api.ts";
import type { BenchmarkResult } from "../../pipeline/schema/benchmark.ts";
import { definitionTitle } from "../../pipeline/schema/definition.ts";
import { SloAnswer } from "../../pipeline/schema/slo.ts";
import { slug } from "../../pipeline/schema/slug.ts";
import { VERDICT_MEANINGS } from "../../pipeline/schema/verdict_meanings.ts";
import { jsonl, metadata, plainLine, sealed, temporaryRoot } from "../fixtures.ts";
import { browserTest, visit } from "./browser.ts";
import { serveBuilt } from "./serve.ts";

const LEVELS = [1, 2, 4, 8];
const TOKENS = 21;

/** A request of `level` in flight: the first text after 40 ms a request in flight and up to 15 more, a token every 10 ms a request in flight. */
function request(level: number, n: number): object {
  const start = Math.floor(n / level);
  const at = (ms: number) => Math.round((start * 1000 + ms) * 1e6);
  const first = 40 * level + 5 * (n % 4);
  const last = first + (TOKENS - 1) * 10 * level;
  return {
    t: 1767323045 + 100 * level + start,
    n,
    tok: TOKENS,
    tok_from: "engine",
    tps: 100 / level,
    dur: last / 1000,
    err: false,
    phase: "measure",
    level,
    scheduled_ns: at(0),
    sent_ns: at(0),
    first_frame_ns: at(first),
    first_text_ns: at(first),
    first_answer_ns: at(first),
    last_text_ns: at(last),
    last_frame_ns: at(last),
    end_ns: at(last),
    frames: TOKENS,
  };
}

function chunks(level: number, n: number): object {
  const gaps_us = Array.from({ length: TOKENS - 1 }, (_, gap) => 10_000 * level + gap * 100);
  return { n, level, phase: "measure", first_ns: 40_000_000 * level, gaps_us };
}

const root = await temporaryRoot();
const { paths } = root;
const each = (line: (level: number, n: number) => object) =>
  LEVELS.flatMap((level) => Array.from({ length: 24 }, (_, n) => line(level, n)));
await sealed(paths, "20260102-030405-abcd", "ladder", {
  "results.jsonl": jsonl(each(request)),
  "chunks.jsonl": jsonl(each(chunks)),
  "metadata.json": metadata({ test_config: { max_tokens: TOKENS } }),
});
await sealed(paths, "20260102-030405-abcd", "single", {
  "results.jsonl": jsonl(Array.from({ length: 5 }, (_, n) => plainLine(n, n * 2, 90))),
  "metadata.json": metadata({ model: { name: "single" } }),
}, { price_per_hour: null });
await buildData(paths, root.log);

const { benchmarks } = BenchmarkList.parse(
  JSON.parse(await Deno.readTextFile(join(paths.api, "benchmarks.json"))),
);
const ladder = benchmarks.filter(({ provenance }) => provenance.entry_id === "ladder")
  .sort((a, b) => (a.test_config.concurrent_reqs ?? 0) - (b.test_config.concurrent_reqs ?? 0));
const own = ladder.find(({ test_config }) => test_config.concurrent_reqs === 4);
const single = benchmarks.find(({ provenance }) => provenance.entry_id === "single");
ok(own && single);

const CLIENT: BenchmarkResult["client"] = {
  calibrated_at: "2026-01-02T03:00:00.000Z",
  ceiling_chunks_per_second: 38_400,
  chunks_per_second: 81.5,
  p99_ttft_error_ms: 0.31,
  p99_itl_error_ms: 0.12,
  p99_schedule_lag_ms: null,
  p99_loop_lag_ms: 1.1,
  cpu_pct: 3,
  shards: 1,
  in_flight: 3.9,
  server_in_flight: null,
  tokens: 500,
  server_tokens: 504,
};
const HOSTILE = `<script>alert("x")</script>&amp;'`;

/** The built list with `own` as if its load generator were known and a verdict had a hostile unit. */
async function withClient(): Promise<void> {
  const list = join(paths.api, "benchmarks.json");
  const verdict = {
    code: "client_bound",
    severity: "fatal",
    value: 412.5,
    limit: 400,
    unit: HOSTILE,
  } as const;
  const changed = benchmarks.map((benchmark) =>
    benchmark.id === own?.id ? { ...benchmark, client: CLIENT, verdicts: [verdict] } : benchmark
  );
  await Deno.writeTextFile(list, JSON.stringify({ benchmarks: changed, count: changed.length }));
}

await withClient();
const site = await serveBuilt(root);
const pageOf = ({ id }: BenchmarkResult) => `${site.url}benchmarks/${id}.html`;
const detailOf = async ({ id }: BenchmarkResult) =>
  BenchmarkDetail.parse(JSON.parse(await Deno.readTextFile(join(paths.api, "benchmarks", `${id}.json`))));
const rowsOf = async (page: Page, label: string) => {
  const rows = await page.locator(`[aria-label="${label}"] tbody tr`).all();
  return await Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
};
const figure = (text: string | undefined) => Number((text ?? "").replaceAll(",", ""));
const rounded = (value: number | null | undefined, digits: number) => Number(value?.toFixed(digits));

browserTest(
  "the ladder's table has every level with the figures of its JSON, this page's level marked",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(pageOf(own));
      const rows = await rowsOf(page, "Load levels");
      equal(rows.length, LEVELS.length);
      for (const [index, level] of ladder.entries()) {
        const { cost_analysis } = await detailOf(level);
        const { results, goodput, throughput_tokens_per_second, test_config } = level;
        deepEqual(rows[index]?.slice(0, -1).map(figure), [
          test_config.concurrent_reqs,
          24,
          rounded(throughput_tokens_per_second, 1),
          rounded(results.avg_tokens_per_second, 1),
          rounded(results.p50_ttft_ms, 0),
          rounded(results.p99_ttft_ms, 0),
          rounded(results.p99_itl_ms, 1),
          Number(cost_analysis.tokens_per_dollar?.toPrecision(3)),
          ...(goodput ?? []).map(({ requests_per_second }) => rounded(requests_per_second, 2)),
        ]);
      }
      equal(await page.locator("[aria-label='Load levels'] [aria-current=page]").innerText(), "4");
      deepEqual(faults, []);
    }),
);

browserTest("each mark of the ladder leads to its level's page", () =>
  visit(site.url, {}, async (page) => {
    await page.goto(pageOf(own));
    const charts = page.locator("figure.for-wide svg.chart");
    equal(await charts.count(), 2);
    const marks = charts.first().locator("a");
    equal(await marks.count(), LEVELS.length - 1);
    await marks.filter({ hasText: "Concurrency 8:" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(pageOf(ladder.at(-1) ?? own));
  }));

browserTest(
  "a result of one level has no ladder, one without chunk times nothing that other tools print",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(pageOf(single));
      equal(await page.locator("[aria-label='Load levels'], h2:has-text('ladder')").count(), 0);
      equal(await page.locator("[aria-label='As other tools would print it']").count(), 0);
    }),
);

browserTest(
  "other tools' figures are those of the JSON, a dash where the tool has none",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(pageOf(own));
      const { definitions } = await detailOf(own);
      equal(definitions[0]?.definition, "almanac");
      const shown = (value: number | null | undefined, digits: number) => value?.toFixed(digits) ?? "–";
      deepEqual(
        await rowsOf(page, "As other tools would print it"),
        definitions.map((definition) => [
          definitionTitle(definition),
          ...[definition.ttft_ms, definition.tpot_ms, definition.itl_ms]
            .flatMap((spread) => [shown(spread?.mean, 2), shown(spread?.p99, 2)]),
          shown(definition.tokens_per_second_per_user, 1),
        ]),
      );
    }),
);

browserTest(
  "a verdict says in words what it means, what was found and the limit, its text never markup",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(pageOf(own));
      const text = await page.locator(".verdicts li").innerText();
      ok(text.includes(VERDICT_MEANINGS.client_bound.meaning), text);
      ok(text.includes(`Found 412.50 ${HOSTILE}; the limit is 400.`), text);
      ok(text.includes("out of rankings"), text);
      deepEqual(faults, []);
    }),
);

browserTest(
  "a clean result says that it has no verdict, how many checks were made, and which could not be",
  () =>
    visit(site.url, {}, async (page) => {
      const clean = ladder[0] ?? own;
      deepEqual(clean.verdicts, []);
      await page.goto(pageOf(clean));
      const made = clean.checked?.length ?? 0;
      const main = await page.locator("main").innerText();
      const all = Object.keys(VERDICT_MEANINGS).length;
      ok(main.includes(`None. ${made} of ${all} checks could be made, and all were passed.`), main);
      await page.locator("summary", {
        hasText: `Not checked, for want of data or since it does not apply: ${all - made}`,
      }).click();
      match(
        await page.locator("details").innerText(),
        /client bound: needs a calibration of the load generator/,
      );
    }),
);

browserTest(
  "the load generator is said to be uncalibrated, or shown beside its calibration",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(pageOf(single));
      match(await page.locator("main").innerText(), /It was not calibrated/);
      equal(await page.locator("[aria-label='The load generator']").count(), 0);
      await page.goto(pageOf(own));
      match(await page.locator("main").innerText(), /Calibrated on this machine, .* 2026-01-02 03:00 UTC/);
      const rows = await rowsOf(page, "The load generator");
      deepEqual(rows[0], ["Chunks per second", "82, calibrated up to 38,400"]);
      ok(rows.every(([what]) => what !== "Requests sent late, p99"));
    }),
);

browserTest(
  "time per output token and inter-token latency stand beside the other spreads, and goodput below",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(pageOf(own));
      const rows = await rowsOf(page, "Spread");
      const itl = rows.find(([name]) => name?.startsWith("Inter-token latency"));
      deepEqual([itl?.[1], itl?.[5]].map(figure), [own.results.avg_itl_ms, own.results.p99_itl_ms]);
      ok(rows.some(([name]) => name?.startsWith("Time per output token")));
      match(await page.locator("[data-figure=goodput]").innerText(), /interactive .*standard .*relaxed/);
    }),
);

browserTest(
  "percentiles come with the number of requests, and few are said to be few",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(pageOf(own));
      match(await page.locator("[aria-label=Spread] thead").innerText(), /Over 24 requests/);
      match(await page.locator("[data-figure=few]").innerText(), /^The p99 of 24 requests lies between/);
    }),
);

browserTest(
  "the method page tells the limits of the tiers that answers are held against",
  () =>
    visit(site.url, {}, async (page) => {
      const slo = SloAnswer.parse(
        JSON.parse(await Deno.readTextFile(join(paths.api, "slo", `${slug(own.model.name)}.json`))),
      );
      await page.goto(`${site.url}method.html`);
      const main = await page.locator("main").innerText();
      for (const { tier, ttft_ms, tpot_ms } of slo.limits) {
        const words = `${tier} (${ttft_ms?.toLocaleString("en-US")} and ${tpot_ms} ms)`;
        ok(main.includes(words), words);
      }
    }),
);

for (const width of [360, 1280]) {
  for (const colorScheme of ["light", "dark"] as const) {
    browserTest(
      `axe finds no fault in a page with everything on it, ${width} pixels, ${colorScheme}`,
      () =>
        visit(site.url, { colorScheme, bypassCSP: true, viewport: { width, height: 740 } }, async (page) => {
          await page.goto(pageOf(own));
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
          deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), []);
          equal(
            await page.evaluate(
              "document.documentElement.scrollWidth - document.documentElement.clientWidth",
            ),
            0,
          );
          equal(await page.locator("[style], style, script:not([src])").count(), 0);
          equal(await page.locator("figure:has(svg.chart):visible").count(), 4);
        }),
    );
  }
}
