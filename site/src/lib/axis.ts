// An axis of a chart whose labels are placed by the pixel: where values lie on it, and its ticks. Pure.

export interface Axis {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
}

/** Above this ratio of the largest to the smallest value, an axis is logarithmic. */
const LOG_FROM = 8;
const TICK_ROOM = 45;

/** Logarithmic when the values span much, with room on both sides. */
export function axis(values: readonly number[], range: readonly [number, number]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least > 0 && most / least > LOG_FROM) return { type: "log", domain: [least / 1.3, most * 1.3], range };
  return { type: "linear", domain: [0, most * 1.15], range };
}

/** Round values, at most one every `room` pixels: Plot's choice on a linear axis, 1, 2 and 5 times powers of ten on a logarithmic one. */
export function ticksOf({ type, domain, range }: Axis, room = TICK_ROOM): number | number[] {
  const most = Math.floor(Math.abs(range[1] - range[0]) / room);
  if (type === "linear") return most;
  const decades = Array.from({ length: 13 }, (_, index) => index - 4);
  const inDomain = (steps: readonly number[]) =>
    decades.flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`)))
      .filter((tick) => tick >= domain[0] && tick <= domain[1]);
  const all = inDomain([1, 2, 5]);
  return all.length <= most ? all : inDomain([1]);
}

export function toPixels({ type, domain, range }: Axis, value: number): number {
  const of = type === "log" ? Math.log : (one: number) => one;
  const share = (of(value) - of(domain[0])) / (of(domain[1]) - of(domain[0]));
  return range[0] + share * (range[1] - range[0]);
}
