// The ladder's charts: a mark a level in the order of the load, links to the other levels, nothing of what was not measured.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type Rung, tradeChart, waitChart } from "../site/src/lib/ladder.ts";

function rung(level: number, more: Partial<Rung> = {}): Rung {
  return {
    level,
    tokens_per_second: 100 / level,
    throughput: 90 + level,
    p50_ttft_ms: 50 * level,
    p99_ttft_ms: 80 * level,
    href: `c${level}.html`,
    ...more,
  };
}

const texts = (svg: string | null) =>
  [...(svg ?? "").matchAll(/<text[^>]*>([^<]+)</g)].map(([, text]) => text);

Deno.test("each level is a mark with its concurrency beside it, and a link unless it is the page's own", () => {
  const svg = tradeChart([rung(1), rung(2, { href: null }), rung(4)], 560);
  ok(svg);
  deepEqual([...svg.matchAll(/<a href="([^"]+)"/g)].map(([, to]) => to), ["c1.html", "c4.html"]);
  equal(svg.match(/<circle/g)?.length, 3);
  match(svg, /<title>Concurrency 2: 50\.0 tokens\/s of a request, 92\.0 of all<\/title>/);
  ok(["1", "2", "4"].every((level) => texts(svg).includes(level)));
});

Deno.test("time to first token has two lines, named p50 and p99, over levels an equal step apart when each doubles", () => {
  const svg = waitChart([1, 2, 4].map((level) => rung(level, level === 2 ? { href: null } : {})), 560);
  ok(svg);
  equal(svg.match(/<circle/g)?.length, 6);
  ok(texts(svg).includes("p50") && texts(svg).includes("p99"));
  const across = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].slice(0, 3).map(([, x]) => Number(x));
  const [one = 0, two = 0, four = 0] = across;
  ok(Math.abs(2 * two - one - four) < 0.1, across.join());
  match(svg, /stroke-dasharray="4 3"/);
});

Deno.test("a level that was not measured is left out, and of one level there is no chart", () => {
  const unknown = rung(2, { throughput: null, p99_ttft_ms: null });
  equal(tradeChart([rung(1), unknown, rung(4)], 560)?.match(/<circle/g)?.length, 2);
  equal(waitChart([rung(1), unknown, rung(4)], 560)?.match(/<circle/g)?.length, 4);
  equal(tradeChart([rung(1), unknown], 560), null);
  equal(waitChart([rung(1), unknown], 560), null);
});

Deno.test("the charts hold no style of their own, and no id twice in two widths", () => {
  const all = [tradeChart, waitChart].flatMap((draw) =>
    [560, 330].map((width) => draw([rung(1), rung(8)], width))
  )
    .join("");
  equal(all.match(/ style=|<style/g), null);
  const ids = [...all.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
  equal(new Set(ids).size, ids.length);
});
