// The charts of a benchmark's page.
import * as Plot from "@observablehq/plot";
import { render } from "./chart.ts";
import type { GpuPoint, RequestPoint } from "./series.ts";

const SECONDS = { label: "seconds since the first request →", grid: true, nice: true };

/** One dot a request: its decoding speed, tokens/s, over the time it was sent. */
export function speedChart(points: readonly RequestPoint[], average: number | null): string {
  const known = points.filter((point) => point.tokens_per_second !== null);
  return render({ id: "speed", label: "Decoding speed of each request over time, tokens per second" }, {
    x: SECONDS,
    y: { label: "↑ tokens/s", grid: true, zero: true, nice: true },
    marks: [
      ...(average === null
        ? []
        : [Plot.ruleY([average], { stroke: "var(--accent)", strokeDasharray: "4 3" })]),
      Plot.dot(known, { x: "seconds", y: "tokens_per_second", r: 2, fill: "var(--mark)" }),
    ],
  });
}

/** Two dots a request: its whole duration and its time to first token, ms. */
export function latencyChart(points: readonly RequestPoint[]): string {
  const ended = points.filter((point) => point.latency_ms !== null);
  const first = points.filter((point) => point.ttft_ms !== null);
  return render({ id: "latency", label: "Duration and time to first token of each request, milliseconds" }, {
    x: SECONDS,
    y: { label: "↑ ms", grid: true, zero: true, nice: true },
    marks: [
      Plot.dot(ended, { x: "seconds", y: "latency_ms", r: 2, fill: "var(--mark)" }),
      Plot.dot(first, { x: "seconds", y: "ttft_ms", r: 2, fill: "var(--second)" }),
    ],
  });
}

const TELEMETRY = [
  ["utilization_pct", "↑ GPU utilisation, %"],
  ["memory_used_gib", "↑ GPU memory in use, GiB"],
  ["temperature_c", "↑ temperature, °C"],
  ["power_w", "↑ power of all GPUs, W"],
] as const;

/** One small chart for each quantity that the driver told. */
export function telemetryCharts(points: readonly GpuPoint[]): string[] {
  return TELEMETRY.filter(([field]) => points.some((point) => point[field] !== null)).map(([field, label]) =>
    render({ id: field, label: `${label.slice(2)} over time` }, {
      height: 160,
      x: { ...SECONDS, label: "seconds since the first sample →" },
      y: { label, grid: true, zero: field !== "temperature_c", nice: true },
      marks: [Plot.line(points, { x: "seconds", y: field, stroke: "var(--mark)", strokeWidth: 1.5 })],
    })
  );
}
