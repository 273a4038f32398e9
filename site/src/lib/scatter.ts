// Speed against price of one model: a dot a benchmark, a line through those that no other beats in both.
import * as Plot from "@observablehq/plot";
import { render } from "./chart.ts";
import { type Frame, placeLabels, SIDES } from "./labels.ts";

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

interface Axis {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
}

const HEIGHT = 320;
const MARGIN = { left: 52, right: 16, top: 24, bottom: 40 };
/** The shape of a mark says where its figures come from. */
export const SHAPES: Readonly<Record<string, Plot.SymbolType>> = {
  measured: "circle",
  submitted: "square",
  published: "diamond",
};
/** Above this ratio of the largest to the smallest value, an axis is logarithmic. */
const LOG_FROM = 8;
const TICK_ROOM = 45;

/** The chart at `width` pixels, with the names of as many frontier points as have room. */
export function scatterChart(points: readonly ScatterPoint[], width: number): string {
  const frame = {
    left: MARGIN.left,
    right: width - MARGIN.right,
    top: MARGIN.top,
    bottom: HEIGHT - MARGIN.bottom,
  };
  const x = axis(points.map((point) => point.price_per_hour), [frame.left, frame.right]);
  const y = axis(points.map((point) => point.rate_tokens_per_second), [frame.bottom, frame.top]);
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
      ...labelMarks(frontier, points, frame, (point) => ({
        x: toPixels(x, point.price_per_hour),
        y: toPixels(y, point.rate_tokens_per_second),
      })),
    ],
  });
}

/** One text mark a side, since a mark's texts all run the same way. Those with the most speed are placed first. */
function labelMarks(
  frontier: readonly ScatterPoint[],
  points: readonly ScatterPoint[],
  frame: Frame,
  pixels: (point: ScatterPoint) => { x: number; y: number },
): Plot.Markish[] {
  const named = frontier.toReversed();
  const sides = placeLabels(
    named.map((point) => ({ ...pixels(point), text: point.gpu })),
    points.map(pixels),
    frame,
  );
  return SIDES.map((side) =>
    Plot.text(named.filter((_, index) => sides[index] === side), {
      x: "price_per_hour",
      y: "rate_tokens_per_second",
      text: "gpu",
      fill: "var(--ink)",
      ...side,
    })
  );
}

/** Logarithmic when the values span much, with room on both sides. */
function axis(values: readonly number[], range: readonly [number, number]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least > 0 && most / least > LOG_FROM) return { type: "log", domain: [least / 1.3, most * 1.3], range };
  return { type: "linear", domain: [0, most * 1.15], range };
}

/** Round values, at most one a `TICK_ROOM` pixels: Plot's choice on a linear axis, 1, 2 and 5 times powers of ten on a logarithmic one. */
function ticksOf({ type, domain, range }: Axis): number | number[] {
  const most = Math.floor(Math.abs(range[1] - range[0]) / TICK_ROOM);
  if (type === "linear") return most;
  const decades = Array.from({ length: 13 }, (_, index) => index - 4);
  const inDomain = (steps: readonly number[]) =>
    decades.flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`)))
      .filter((tick) => tick >= domain[0] && tick <= domain[1]);
  const all = inDomain([1, 2, 5]);
  return all.length <= most ? all : inDomain([1]);
}

function toPixels({ type, domain, range }: Axis, value: number): number {
  const of = type === "log" ? Math.log : (one: number) => one;
  const share = (of(value) - of(domain[0])) / (of(domain[1]) - of(domain[0]));
  return range[0] + share * (range[1] - range[0]);
}
