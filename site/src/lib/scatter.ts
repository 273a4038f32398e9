// Speed against price of one model: a dot a benchmark, a line through those that no other beats in both.
import * as Plot from "@observablehq/plot";
import { axis, ticksOf } from "./axis.ts";
import { render } from "./chart.ts";
import { labelMarks } from "./label_marks.ts";

export interface ScatterPoint {
  readonly price_per_hour: number;
  readonly rate_tokens_per_second: number;
  readonly on_frontier: boolean;
  readonly gpu: string;
  readonly origin: string;
  readonly href: string;
  /** Said when the dot is pointed at. */
  readonly title: string;
}

const HEIGHT = 320;
const MARGIN = { left: 52, right: 16, top: 24, bottom: 40 };
/** The shape of a mark says where its figures come from. */
export const SHAPES: Readonly<Record<string, Plot.SymbolType>> = {
  measured: "circle",
  submitted: "square",
  published: "diamond",
  simulated: "triangle",
};

/** The chart at `width` pixels, with the names of as many frontier points as have room. */
export function scatterChart(points: readonly ScatterPoint[], width: number): string {
  const x = axis(points.map((point) => point.price_per_hour), [MARGIN.left, width - MARGIN.right]);
  const y = axis(points.map((point) => point.rate_tokens_per_second), [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const frontier = points.filter((point) => point.on_frontier);
  const others = points.filter((point) => !point.on_frontier);
  const at = { x: "price_per_hour", y: "rate_tokens_per_second" } as const;
  const dots = { ...at, symbol: "origin", r: 4.5, href: "href", title: "title" } as const;
  return render({
    id: `price-speed-${width}`,
    label: "Tokens per second against US dollars per hour",
    links: true,
  }, {
    width,
    height: HEIGHT,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    x: { ...x, label: "$/hour →", grid: true, ticks: ticksOf(x), tickFormat: String },
    y: { ...y, label: "↑ tokens/s", grid: true, ticks: ticksOf(y), tickFormat: String },
    symbol: { domain: Object.keys(SHAPES), range: Object.values(SHAPES) },
    marks: [
      Plot.line(frontier, { ...at, curve: "step-after", stroke: "var(--accent)", strokeWidth: 1.5 }),
      Plot.dot(others, { ...dots, stroke: "var(--soft)", fill: "var(--paper)" }),
      Plot.dot(frontier, { ...dots, stroke: "var(--accent)", fill: "var(--accent)" }),
      // Those with the most speed are placed first.
      ...labelMarks(frontier.toReversed(), points, { x, y }, {
        x: (point) => point.price_per_hour,
        y: (point) => point.rate_tokens_per_second,
        text: (point) => point.gpu,
      }),
    ],
  });
}
