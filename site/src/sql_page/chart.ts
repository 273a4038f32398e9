// A result as a chart, drawn by Plot in the page; loaded when a chart is asked for.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import * as Plot from "@observablehq/plot";
import { shortText } from "../../../pipeline/schema/text.ts";
import { strip } from "../lib/svg.ts";
import { MOST_SHOWN } from "./result_table.ts";
import type { ChartChoice } from "./state.ts";
import { type Kind, type Result, shownText, type Value } from "./values.ts";

const WIDTH = 680;
const BAR_HEIGHT = 22;
const MOST_BARS = 60;
const MOST_LABEL = 28;
const AXES_HEIGHT = 66;

interface Point {
  readonly x: number | Date;
  readonly y: number | Date;
  readonly label: string;
}

/** One bar a row, in the order of the rows, or one dot a row. Rows without the value are left out. */
export function draw(result: Result, choice: ChartChoice): { svg: Element; drawn: number } {
  const points = pointsOf(result, choice);
  const svg = choice.kind === "bar" ? bars(points, choice) : dots(points, choice);
  strip(svg);
  svg.setAttribute("class", "chart");
  svg.setAttribute("role", "img");
  svg.setAttribute(
    "aria-label",
    `${choice.x} by ${choice.y}, ${points.length} rows; the table below has the figures`,
  );
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  return { svg, drawn: points.length };
}

function pointsOf({ columns, rows }: Result, { kind, x, y }: ChartChoice): Point[] {
  const [atX, atY] = [x, y].map((wanted) => columns.findIndex(({ name }) => name === wanted));
  const [xKind, yKind] = [columns[atX ?? -1]?.kind ?? "other", columns[atY ?? -1]?.kind ?? "other"];
  const points: Point[] = [];
  for (const row of rows.slice(0, kind === "bar" ? MOST_BARS : MOST_SHOWN)) {
    const xAt = position(row[atX ?? -1] ?? null, xKind);
    const yAt = kind === "bar" ? points.length : position(row[atY ?? -1] ?? null, yKind);
    if (xAt !== null && yAt !== null) points.push({ x: xAt, y: yAt, label: labelOf(row[atY ?? -1] ?? null) });
  }
  return points;
}

function position(value: Value, kind: Kind): number | Date | null {
  if (value === null || kind === "other") return null;
  const at = kind === "time" ? new Date(`${String(value).replace(" ", "T")}${zoneOf(value)}`) : Number(value);
  return Number.isFinite(Number(at)) ? at : null;
}

/** A date alone is in UTC already. */
function zoneOf(value: Value): string {
  return String(value).includes(" ") ? "Z" : "";
}

function labelOf(value: Value): string {
  const text = value === null ? "null" : shownText(value);
  return shortText(text, MOST_LABEL);
}

function bars(points: readonly Point[], { x, y }: ChartChoice): Element {
  const longest = Math.max(0, ...points.map(({ label }) => label.length));
  return Plot.plot({
    width: WIDTH,
    height: points.length * BAR_HEIGHT + AXES_HEIGHT,
    marginLeft: 24 + longest * 7,
    marginRight: 24,
    marginBottom: 36,
    x: { label: `${x} →`, grid: true, nice: true },
    y: {
      type: "band",
      label: y,
      domain: points.map((_, index) => index),
      tickFormat: (index: number) => points[index]?.label ?? "",
    },
    marks: [
      Plot.barX(points, { x: "x", y: "y", fill: "var(--mark)" }),
      Plot.ruleX([0]),
    ],
  });
}

function dots(points: readonly Point[], { x, y }: ChartChoice): Element {
  return Plot.plot({
    width: WIDTH,
    height: 320,
    marginLeft: 64,
    marginRight: 24,
    marginBottom: 36,
    x: { label: `${x} →`, grid: true, nice: true },
    y: { label: `↑ ${y}`, grid: true, nice: true },
    marks: [Plot.dot(points, { x: "x", y: "y", r: 4, fill: "var(--mark)" })],
  });
}
