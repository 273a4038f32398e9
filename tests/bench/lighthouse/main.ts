// Lighthouse over addresses, in Debian's Chromium: one line of JSON each, the score of every category and what cost points.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];

const chrome = await launch({
  chromePath: "/usr/bin/chromium",
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"],
});
try {
  for (const url of Deno.args) {
    const result = await lighthouse(url, {
      port: chrome.port,
      output: "json",
      logLevel: "error",
      onlyCategories: CATEGORIES,
    });
    if (result === undefined) {
      throw new Error(`Lighthouse says nothing of ${url}`);
    }
    const { categories, audits } = result.lhr;
    const scores = Object.fromEntries(
      CATEGORIES.map((
        name,
      ) => [name, Math.round(100 * (categories[name]?.score ?? 0))]),
    );
    const weighty = CATEGORIES.flatMap((name) =>
      categories[name]?.auditRefs ?? []
    ).filter(({ weight }) => weight > 0);
    const costly = weighty.map(({ id }) => audits[id]).filter((audit) =>
      audit?.score !== null && (audit?.score ?? 1) < 0.9
    )
      .map((audit) => audit?.title);
    const line = JSON.stringify({ url, scores, costly });
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  }
} finally {
  chrome.kill();
}
