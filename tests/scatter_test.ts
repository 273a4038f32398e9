// The chart of speed against price: labels stay apart and inside the frame, marks lead to their results.
import { deepEqual, equal, ok } from "node:assert/strict";
import { FONT_SIZE, placeLabels } from "../site/src/lib/labels.ts";
import { scatterChart, type ScatterPoint } from "../site/src/lib/scatter.ts";
import { textWidth } from "../site/src/lib/text_width.ts";

const FRAME = { left: 0, right: 300, top: 0, bottom: 200 };

function point(price_per_hour: number, rate_tokens_per_second: number, more: Partial<ScatterPoint> = {}) {
  return {
    price_per_hour,
    rate_tokens_per_second,
    on_frontier: true,
    gpu: "RTX 4090",
    origin: "measured",
    href: "../benchmarks/a.html",
    title: "RTX 4090 at vastai",
    ...more,
  };
}

/** Pixels of the labels in an SVG of Plot's: the group's shift, the text's own, and the way it runs. */
function labelsOf(svg: string) {
  const groups = svg.matchAll(
    /<g transform="translate\((-?\d+),(-?\d+)\)" text-anchor="(\w+)"[^>]* fill="var\(--ink\)">(.*?)<\/g>/g,
  );
  return [...groups].flatMap(([, dx, dy, side, texts = ""]) =>
    [...texts.matchAll(/translate\(([\d.]+),([\d.]+)\)"[^>]*>([^<]*)</g)].map(([, x, y, text = ""]) => {
      const left = Number(x) + Number(dx) - (side === "end" ? textWidth(text, FONT_SIZE) : 0);
      const top = Number(y) + Number(dy) - FONT_SIZE / 2;
      return { text, left, right: left + textWidth(text, FONT_SIZE), top, bottom: top + FONT_SIZE };
    })
  );
}

Deno.test("a label stands above its point to the left, or where there is room", () => {
  const anchors = [{ x: 200, y: 100, text: "H100" }, { x: 10, y: 100, text: "H100" }];
  const [middle, edge] = placeLabels(anchors, anchors, FRAME);
  deepEqual([middle?.textAnchor, middle?.dy], ["end", -8]);
  equal(edge?.textAnchor, "start");
});

Deno.test("a label without room on any side is left out", () => {
  const anchors = [{ x: 150, y: 100, text: "a GPU with a name that is far too long for a frame this small" }];
  deepEqual(placeLabels(anchors, anchors, FRAME), [null]);
});

for (const width of [330, 680]) {
  Deno.test(`no two of fifty labels meet and none leaves the chart, ${width} pixels wide`, () => {
    const points = Array.from(
      { length: 50 },
      (_, n) => point(0.1 * 1.09 ** n, 20 + 5 * n, { gpu: `GPU number ${n}` }),
    );
    const labels = labelsOf(scatterChart(points, width));
    ok(labels.length >= 4, String(labels.length));
    for (const [index, one] of labels.entries()) {
      ok(one.left >= 0 && one.right <= width && one.top >= 0, one.text);
      for (const other of labels.slice(index + 1)) {
        const apart = one.right <= other.left || other.right <= one.left || one.bottom <= other.top ||
          other.bottom <= one.top;
        ok(apart, `${one.text} meets ${other.text}`);
      }
    }
  });
}

Deno.test("a single point has an axis from zero, values far apart a logarithmic one", () => {
  ok(scatterChart([point(0.4, 120)], 680).includes(">0</text>"));
  const far = scatterChart([point(0.1, 10), point(20, 1000)], 680);
  ok(!far.includes(">0</text>"));
  for (const tick of ["0.1", "10", "100"]) ok(far.includes(`>${tick}</text>`), tick);
});

Deno.test("every mark is a link that says what it is, whatever its name holds", () => {
  const svg = scatterChart(
    [
      point(0.4, 120),
      point(0.5, 100, { on_frontier: false, origin: "published", title: `<script>"&` }),
    ],
    680,
  );
  equal(svg.match(/<a href="\.\.\/benchmarks\/a\.html"/g)?.length, 2);
  ok(svg.includes("<title>RTX 4090 at vastai</title>") && svg.includes("<title>&lt;script&gt;"));
  equal(svg.match(/ style=/g), null);
});
