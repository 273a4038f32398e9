// The charts of a ladder, the load levels of one machine and model: what all users get against what one gets, and how long each waits.
import * as Plot from "@observablehq/plot";
import { axis, ticksOf } from "./axis.ts";
import { render } from "./chart.ts";
import { labelMarks } from "./label_marks.ts";
import type { Side } from "./labels.ts";

/** One load level. */
export interface Rung {
  /** Requests in flight. */
  readonly level: number;
  readonly tokens_per_second: number | null;
  readonly throughput: number | null;
  readonly p50_ttft_ms: number | null;
  readonly p99_ttft_ms: number | null;
  /** Its page; null on that page itself. */
  readonly href: string | null;
}

const HEIGHT = 260;
const MARGIN = { left: 56, right: 40, top: 24, bottom: 40 };
const MARGINS = {
  marginLeft: MARGIN.left,
  marginRight: MARGIN.right,
  marginTop: MARGIN.top,
  marginBottom: MARGIN.bottom,
};
/** Pixels from one tick of a vertical axis to the next, at least. */
const LINE_ROOM = 26;
const VERTICAL = [HEIGHT - MARGIN.bottom, MARGIN.top] as const;
/** A ladder climbs to the left: there is room to the right. */
const SIDES: readonly Side[] = [
  { textAnchor: "start", dx: 9, dy: -6 },
  { textAnchor: "end", dx: -9, dy: 8 },
  { textAnchor: "start", dx: 9, dy: 8 },
  { textAnchor: "end", dx: -9, dy: -8 },
];

const tick = (value: number) => value.toLocaleString("en-US");

type Known = Rung & { readonly tokens_per_second: number; readonly throughput: number };

/** Throughput against the speed of one request, a mark a level, joined in their order. Null when fewer than two are known. */
export function tradeChart(rungs: readonly Rung[], width: number): string | null {
  const known = rungs.filter((rung): rung is Known =>
    rung.tokens_per_second !== null && rung.throughput !== null
  );
  if (known.length < 2) return null;
  const x = axis(known.map((rung) => rung.tokens_per_second), [MARGIN.left, width - MARGIN.right]);
  const y = axis(known.map((rung) => rung.throughput), VERTICAL);
  const at = { x: "tokens_per_second", y: "throughput" } as const;
  const dots = { ...at, r: 4.5, title: titleOf, stroke: "var(--accent)" } as const;
  return render({
    id: `trade-${width}`,
    label: "Throughput against tokens per second of a request, by concurrency",
    links: true,
  }, {
    ...MARGINS,
    width,
    height: HEIGHT,
    x: { ...x, label: "tokens/s of a request →", grid: true, ticks: ticksOf(x), tickFormat: tick },
    y: {
      ...y,
      label: "↑ tokens/s of all requests",
      grid: true,
      ticks: ticksOf(y, LINE_ROOM),
      tickFormat: tick,
    },
    marks: [
      Plot.line(known, { ...at, stroke: "var(--accent)", strokeWidth: 1.5 }),
      Plot.dot(known.filter(({ href }) => href !== null), { ...dots, fill: "var(--paper)", href: "href" }),
      Plot.dot(known.filter(({ href }) => href === null), { ...dots, r: 6, fill: "var(--accent)" }),
      ...labelMarks(known, known, { x, y }, {
        x: (rung) => rung.tokens_per_second,
        y: (rung) => rung.throughput,
        text: ({ level }) => String(level),
        sides: SIDES,
      }),
    ],
  });
}

function titleOf({ level, tokens_per_second, throughput }: Known): string {
  const [own, all] = [tokens_per_second, throughput].map((figure) => figure.toFixed(1));
  return `Concurrency ${level}: ${own} tokens/s of a request, ${all} of all`;
}

/** Levels further apart than this stand on a logarithmic axis. */
const LOG_FROM = 4;
const TTFT = [["p50_ttft_ms", "p50", "var(--mark)", 7], ["p99_ttft_ms", "p99", "var(--second)", -7]] as const;

/** Median and 99th percentile of time to first token over concurrency; the level of the page is marked. Null when fewer than two are known. */
export function waitChart(rungs: readonly Rung[], width: number): string | null {
  const known = rungs.filter(({ p50_ttft_ms, p99_ttft_ms }) => p50_ttft_ms !== null && p99_ttft_ms !== null);
  if (known.length < 2) return null;
  const levels = known.map(({ level }) => level);
  const isWide = Math.max(...levels) / Math.min(...levels) >= LOG_FROM;
  const y = axis(known.flatMap((rung) => [rung.p50_ttft_ms ?? 0, rung.p99_ttft_ms ?? 0]), VERTICAL);
  return render({
    id: `wait-${width}`,
    label: "Time to first token over concurrency, median and 99th percentile, milliseconds",
  }, {
    ...MARGINS,
    width,
    height: HEIGHT,
    x: {
      ...(isWide ? { type: "log", base: 2 } : { type: "linear" }),
      label: "concurrency →",
      grid: true,
      ticks: levels,
      tickFormat: String,
    },
    y: {
      ...y,
      label: "↑ time to first token, ms",
      grid: true,
      ticks: ticksOf(y, LINE_ROOM),
      tickFormat: tick,
    },
    marks: [
      Plot.ruleX(known.filter(({ href }) => href === null), {
        x: "level",
        stroke: "var(--accent)",
        strokeDasharray: "4 3",
      }),
      ...TTFT.flatMap(([field, text, colour, dy]) => [
        Plot.line(known, { x: "level", y: field, stroke: colour, strokeWidth: 1.5 }),
        Plot.dot(known, { x: "level", y: field, r: 3, fill: colour }),
        Plot.text(known.slice(-1), {
          x: "level",
          y: field,
          text: () => text,
          textAnchor: "start",
          dx: 7,
          dy,
          fill: "var(--ink)",
        }),
      ]),
    ],
  });
}
