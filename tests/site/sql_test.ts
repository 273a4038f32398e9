// The SQL page in a real browser: it answers as native DuckDB does, keeps to itself, can be stopped, works without a network.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import axe from "axe-core";
import type { Route } from "playwright-core";
import { Database, type Row } from "../../pipeline/lib/duckdb.ts";
import { hashOf, type State } from "../../site/src/sql_page/state.ts";
import { temporaryRoot } from "../fixtures.ts";
import { browserTest, visit } from "./browser.ts";
import { plainResult, publishedSite } from "./serve.ts";
import { cells, ended, follow, refusal, run, saved } from "./sql_page.ts";

const HOSTILE = `<script>alert("x")</script>&amp;'`;
const ENDLESS =
  "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c WHERE a.range + b.range = c.range";

const root = await temporaryRoot();
const { paths } = root;
await plainResult(paths, "a", 80, {}, "vastai", 0.4);
await plainResult(
  paths,
  "b",
  200,
  { hardware: { gpu_name: "NVIDIA H100 80GB HBM3", gpu_memory_mib: 81559 } },
  "lambda",
  2.4,
);
await plainResult(paths, "c", 70, { model: { name: HOSTILE } }, "runpod", null);
const site = await publishedSite(root, "--base", "/almanac");
const address = `${site.url}sql.html`;

const link = (sql: string, chart: State["chart"] = null) => `${address}${hashOf({ sql, chart })}`;

/** Rows of native DuckDB as the page writes them. */
function asJson(rows: readonly Row[]): unknown {
  return JSON.parse(JSON.stringify(rows, (_, value) => typeof value === "bigint" ? Number(value) : value))
    .map((row: Row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, withoutZone(value)]))
    );
}

function withoutZone(value: unknown): unknown {
  const text = typeof value === "string" && /^\d{4}-\d\d-\d\dT.*Z$/.test(value);
  return text ? value.replace("T", " ").replace(/(\.000)?Z$/, "") : value;
}

browserTest(
  "nothing heavy is loaded before it is asked for, and its size is said",
  () =>
    visit(site.url, {}, async (page, faults) => {
      const asked: string[] = [];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      await page.goto(address);
      await page.getByText(/The first run loads the engine and the data, \d+\.\d MB/).waitFor();
      match(await page.locator("#run").innerText(), /^Load \d+\.\d MB and run$/);
      deepEqual(asked.filter((path) => /duckdb|engine|chart/.test(path)), []);
      await run(page);
      ok(
        asked.some((path) => path.endsWith(".wasm.bin")) &&
          asked.some((path) => path.endsWith("almanac.duckdb")),
      );
      deepEqual(faults, []);
    }),
);

browserTest(
  "the twelve curated queries answer in the browser as native DuckDB answers them",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(address);
      const links = await page.locator("aside ol a").all();
      equal(links.length, 12);
      await run(page);
      using db = await Database.reading(paths.database);
      for (const each of links) {
        await each.click();
        await ended(page);
        const sql = await page.locator("#editor").inputValue();
        const expected = asJson(await db.rows(sql));
        const title = await each.innerText();
        equal(sql.split("\n")[0], `-- ${title}`);
        deepEqual(JSON.parse(await saved(page, "#json")), expected, title);
      }
      deepEqual(faults, []);
    }),
);

browserTest(
  "once the data is attached nothing outside can be read, while the data answers and tables can be made",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(address);
      for (
        const sql of [
          "FROM 'http://127.0.0.1:9/x.csv'",
          "FROM read_csv('https://example.org/x.csv')",
          "FROM read_text('/etc/passwd')",
          "FROM read_parquet('x.parquet')",
          "ATTACH 'other.duckdb' AS other",
          "ATTACH 'http://127.0.0.1:9/x.duckdb' AS other",
          "COPY benchmarks TO 'x.csv'",
          "LOAD json",
          "SET enable_external_access = true",
          "SELECT to_json({a: 1})",
          "CREATE TABLE almanac.mine AS SELECT 1",
        ]
      ) match(await refusal(page, sql), /^(Permission|IO|Invalid Input|Catalog|Binder) Error: /, sql);
      await run(page, "CREATE TABLE mine AS SELECT 2 AS n; CREATE TEMP TABLE also AS SELECT 3 AS m");
      await run(page, "SELECT n, m, (SELECT count(*) FROM benchmarks) AS benchmarks FROM mine, also");
      deepEqual(await cells(page), [["2", "3", "3"]]);
      deepEqual(faults, []);
    }),
);

browserTest(
  "a long query is cancelled, or stopped after its time; the next one answers",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.clock.install();
      await page.goto(address);
      await run(page, "SELECT 1");
      await page.locator("#editor").fill(ENDLESS);
      await page.locator("#editor").press("Control+Enter");
      await page.locator("#cancel").click();
      await ended(page);
      match(await page.locator("#error").innerText(), /^Cancelled\./);
      await page.locator("#run").click();
      await page.getByText("Running …").waitFor();
      await page.clock.fastForward(31_000);
      await ended(page);
      match(await page.locator("#error").innerText(), /^The query was stopped after 30 s/);
      await run(page, "SELECT count(*) AS n FROM benchmarks");
      deepEqual(await cells(page), [["3"]]);
      deepEqual(faults, []);
    }),
);

browserTest(
  "bad SQL is answered in DuckDB's words with the place shown; the next query answers",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(address);
      match(
        await refusal(page, "SELECT nothing FROM benchmarks"),
        /Binder Error: .*"nothing".*\n[^]*LINE 1: .*\n +\^/,
      );
      match(
        await refusal(page, "SELEC 1"),
        /^Parser Error: syntax error at or near "SELEC"\n\nLINE 1: SELEC 1\n +\^/,
      );
      await run(page, "SELECT 1 AS a, 2 AS a; SELECT 3 AS a, 4 AS a");
      deepEqual(await page.locator("#rows th").allInnerTexts(), ["a", "a_1"]);
      deepEqual(await cells(page), [["3", "4"]]);
    }),
);

browserTest(
  "values of every kind are shown as text, hostile ones too",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(address);
      await run(page, "SELECT DISTINCT model_name FROM benchmarks ORDER BY ALL");
      deepEqual(await cells(page), [[HOSTILE], ["qwen2:7b"]]);
      await run(
        page,
        `SELECT NULL AS n, true AS b, 9007199254740993 AS big, 0.1 + 0.2 AS f, TIMESTAMP '2026-01-02 03:04:05.5' AS t,
       DATE '2026-01-02' AS d, TIME '03:04:05' AS c, [1, NULL] AS l, {'a': [DATE '2026-01-02']} AS s, MAP {'k': 2} AS m,
       '\\xAA'::BLOB AS y, '<b>x</b>' AS "<i>name</i>"`,
      );
      deepEqual(await cells(page), [[
        ...["null", "true", "9007199254740993", "0.3", "2026-01-02 03:04:05.500", "2026-01-02", "03:04:05"],
        ...["[1,null]", '{"a":["2026-01-02"]}', '{"k":2}', "0xaa", "<b>x</b>"],
      ]]);
      equal(await page.locator("#rows th").last().innerText(), "<i>name</i>");
      equal(await page.locator("#rows b, #rows i, #rows script").count(), 0);
      deepEqual(faults, []);
    }),
);

browserTest(
  "a link reproduces query and chart; what is done goes into the address, and back returns",
  () =>
    visit(site.url, { viewport: { width: 360, height: 740 } }, async (page, faults) => {
      const chart = { kind: "bar", x: "n", y: "name" } as const;
      const sql = "SELECT 'a & b' AS name, 2 AS n, 3 AS k UNION ALL SELECT 'c', 5, 6 ORDER BY n";
      await page.goto(link(sql, chart));
      await run(page);
      equal(await page.locator("#drawing svg rect").count(), 2);
      ok((await page.locator("#drawing svg text").allTextContents()).includes("a & b"));
      await page.locator("#chart-x").selectOption("k");
      await page.locator("#chart-kind").selectOption("dot");
      await page.locator("#drawing svg circle").nth(1).waitFor();
      equal(await page.locator("#drawing svg circle").count(), 2);
      equal(page.url(), link(sql, { kind: "dot", x: "k", y: "n" }));
      equal(await page.locator("[style], style, script:not([src])").count(), 0);
      equal(
        await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
        0,
      );
      await run(page, "SELECT 7 AS n");
      equal(page.url(), link("SELECT 7 AS n"));
      await follow(page, () => page.goBack());
      equal(await page.locator("#editor").inputValue(), sql);
      deepEqual(faults, []);
    }),
);

browserTest(
  "a result is saved as CSV and JSON; of a large one the first rows are shown and the total is said",
  () =>
    visit(site.url, {}, async (page) => {
      await page.goto(address);
      await run(
        page,
        `SELECT '=1+1' AS formula, -2 AS minus, '-x' AS text, 'a "b", c' AS quoted, NULL AS nothing, 1.5 AS f, 9007199254740993 AS big`,
      );
      equal(
        await saved(page, "#csv"),
        'formula,minus,text,quoted,nothing,f,big\r\n\'=1+1,-2,\'-x,"a ""b"", c",,1.5,9007199254740993\r\n',
      );
      deepEqual(JSON.parse(await saved(page, "#json")), [{
        formula: "=1+1",
        minus: -2,
        text: "-x",
        quoted: 'a "b", c',
        nothing: null,
        f: 1.5,
        big: "9007199254740993",
      }]);
      await run(page, "FROM range(1234)");
      equal(await page.locator("#rows tbody tr").count(), 1000);
      equal(await page.locator("#state").innerText(), "1,234 rows, 1 column; the first 1,000 are shown.");
      equal((await saved(page, "#csv")).split("\r\n").length, 1 + 1234 + 1);
      await run(page, "FROM range(100000000)");
      match(await page.locator("#state").innerText(), /^more than 100,000 rows, 1 column; /);
    }),
);

browserTest(
  "once loaded the page works without a network, and only this page; what an older version kept is removed",
  () =>
    visit(site.url, {}, async (page, faults) => {
      await page.goto(address);
      await page.evaluate("caches.open('gpu-almanac /almanac/ old').then(() => caches.open('another site'))");
      await page.reload();
      await run(page, "SELECT 1");
      await page.locator("#sql[data-offline=kept]").waitFor();
      const names = await page.evaluate<string[]>("caches.keys()");
      equal(names.length, 2);
      ok(names.includes("another site") && !names.includes("gpu-almanac /almanac/ old"));
      await page.context().setOffline(true);
      await page.reload();
      await page.getByText("Engine and data lie in this browser already").waitFor();
      await run(page, "SELECT count(*) AS n FROM rankable");
      deepEqual(await cells(page), [["3"]]);
      await page.locator("#chart-kind").selectOption("bar");
      await page.locator("#drawing svg").waitFor();
      deepEqual(faults, []);
      await page.context().setOffline(false);
      await page.goto(`${site.url}index.html`);
      equal(await page.evaluate("navigator.serviceWorker.controller"), null);
    }),
);

const DAMAGES: [string, (route: Route) => Promise<void>, RegExp][] = [
  [
    "is missing",
    (route) => route.fulfill({ status: 404, contentType: "text/html", body: "<h1>404</h1>" }),
    /answered 404/,
  ],
  [
    "is a web page",
    (route) => route.fulfill({ contentType: "text/html", body: "<h1>hi</h1>" }),
    /gave a web page instead/,
  ],
  ["is damaged", (route) => route.fulfill({ body: "x".repeat(9999) }), /SHA-256 is not the one/],
  ["cannot be reached", (route) => route.abort(), /cannot be reached/],
];
for (const file of ["almanac.duckdb", "*.wasm.bin"]) {
  browserTest(
    `${file} that is missing, a web page, damaged or out of reach gives a message, and a good one later an answer`,
    () =>
      visit(site.url, {}, async (page) => {
        await page.goto(address);
        for (const [what, answer, message] of DAMAGES) {
          await page.route(`**/${file}`, answer);
          match(await refusal(page, "SELECT 1"), message, what);
          ok(await page.locator("#progress").isHidden(), what);
          await page.unroute(`**/${file}`);
        }
        await run(page, "SELECT 1");
        deepEqual(await cells(page), [["1"]]);
      }),
  );
}

browserTest("data that never comes is given up after a minute", () =>
  visit(site.url, {}, async (page) => {
    await page.clock.install();
    await page.goto(address);
    const asked = page.waitForRequest("**/almanac.duckdb");
    await page.route("**/almanac.duckdb", () => undefined);
    await page.locator("#run:enabled").click();
    await asked;
    await page.clock.fastForward(61_000);
    await ended(page);
    match(await page.locator("#error").innerText(), /nothing came for 60 s/);
  }));

browserTest("from a folder on disk the page says what it needs", () =>
  visit(site.url, {}, async (page) => {
    await page.goto(`file://${join(paths.siteDist, "sql.html")}`);
    match(await page.locator("#state").innerText(), /needs script, and a web server/);
    ok(await page.locator("#run").isDisabled());
  }));

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(
    `with result, chart and schema open the page is usable from the keyboard and axe finds no fault, ${colorScheme}`,
    () =>
      visit(site.url, { colorScheme, bypassCSP: true }, async (page) => {
        await page.goto(
          link("SELECT gpu, level, p50_latency_ms FROM benchmarks", { kind: "bar", x: "level", y: "gpu" }),
        );
        await page.locator("#run:enabled").waitFor();
        await page.locator("#editor").focus();
        await page.keyboard.press("Control+Enter");
        await ended(page);
        await page.locator("#drawing svg").waitFor();
        const shown = page.locator("#rows");
        for (
          let presses = 0;
          presses < 12 && !await shown.evaluate((table) => table.parentElement?.matches(":focus"));
          presses += 1
        ) {
          await page.keyboard.press("Tab");
        }
        ok(await shown.evaluate((table) => table.parentElement?.matches(":focus")));
        await page.locator("aside summary").first().focus();
        await page.keyboard.press("Enter");
        ok(await page.getByText("tokens/s").first().isVisible());
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
        deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), []);
      }),
  );
}
