// Texts beside the points of a chart, as many as have room.
import * as Plot from "@observablehq/plot";
import { type Axis, toPixels } from "./axis.ts";
import { type Frame, placeLabels, type Side, SIDES } from "./labels.ts";

/** Keeps a text readable over a line. */
const HALO = { stroke: "var(--paper)", strokeWidth: 3 };

/** Where a point lies, in the units of its axes, and what stands beside it. */
export interface Place<Point> {
  readonly x: (point: Point) => number;
  readonly y: (point: Point) => number;
  readonly text: (point: Point) => string;
  /** From the best side to the last. */
  readonly sides?: readonly Side[];
}

/** One text mark a side, since a mark's texts all run the same way. The labels of `named` are placed in their order. */
export function labelMarks<Point>(
  named: readonly Point[],
  points: readonly Point[],
  axes: { readonly x: Axis; readonly y: Axis },
  { x, y, text, sides = SIDES }: Place<Point>,
): Plot.Markish[] {
  const pixels = (point: Point) => ({ x: toPixels(axes.x, x(point)), y: toPixels(axes.y, y(point)) });
  const anchors = named.map((point) => ({ ...pixels(point), text: text(point) }));
  const chosen = placeLabels(anchors, points.map(pixels), frameOf(axes), sides);
  return sides.map((side) =>
    Plot.text(named.filter((_, index) => chosen[index] === side), {
      x,
      y,
      text,
      fill: "var(--ink)",
      ...HALO,
      ...side,
    })
  );
}

function frameOf({ x, y }: { readonly x: Axis; readonly y: Axis }): Frame {
  const [left, right] = x.range;
  const [bottom, top] = y.range;
  return { left, right, top, bottom };
}
