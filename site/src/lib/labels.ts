// Where the labels of a scatter go: beside their points, inside the frame, over no other label and no point. Pure.
import { textWidth } from "./text_width.ts";

/** A point in pixels and the text it would like beside it. */
export interface Anchor {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
/** Which way a text runs from its point. */
export interface Side {
  readonly textAnchor: "start" | "end";
  readonly dx: number;
  readonly dy: number;
}

export const FONT_SIZE = 11;
/** From the best place to the last: points of a frontier have nothing above them to the left. */
export const SIDES: readonly Side[] = [
  { textAnchor: "end", dx: -8, dy: -8 },
  { textAnchor: "start", dx: 8, dy: 10 },
  { textAnchor: "start", dx: 8, dy: -8 },
  { textAnchor: "end", dx: -8, dy: 10 },
];
const POINT_RADIUS = 5;

/** The side of each anchor, in their order; null where no side has room, and the point stays without a label. */
export function placeLabels(
  anchors: readonly Anchor[],
  points: readonly { readonly x: number; readonly y: number }[],
  frame: Frame,
  sides: readonly Side[] = SIDES,
): (Side | null)[] {
  const taken: Frame[] = points.map(({ x, y }) => around(x, y, POINT_RADIUS));
  return anchors.map((anchor) => {
    const side = sides.find((side) => {
      const box = boxOf(anchor, side);
      return inside(box, frame) && !taken.some((other) => overlap(box, other));
    });
    if (side !== undefined) taken.push(boxOf(anchor, side));
    return side ?? null;
  });
}

function boxOf({ x, y, text }: Anchor, { textAnchor, dx, dy }: Side): Frame {
  const width = textWidth(text, FONT_SIZE);
  const left = textAnchor === "start" ? x + dx : x + dx - width;
  return { left, right: left + width, top: y + dy - FONT_SIZE / 2, bottom: y + dy + FONT_SIZE / 2 };
}

function around(x: number, y: number, radius: number): Frame {
  return { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius };
}

function inside(box: Frame, frame: Frame): boolean {
  return box.left >= frame.left && box.right <= frame.right && box.top >= frame.top &&
    box.bottom <= frame.bottom;
}

function overlap(one: Frame, other: Frame): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
