// How the load generator itself fares: a client that is busy or late measures itself.
import process from "node:process";
import type { ClientHealth } from "../schema/metadata.ts";
import { watchLoop } from "./loop_lag.ts";
import { percentile } from "./percentile.ts";

/** Watches this process from now on; what `end` gives is of the time between. */
export function watchOwnHealth(): { end(): ClientHealth } {
  const loop = watchLoop();
  const since = performance.now();
  const before = process.cpuUsage();
  return {
    end() {
      const { user, system } = process.cpuUsage(before);
      const elapsed_us = (performance.now() - since) * 1000;
      const lags = loop.end();
      return {
        loop_lag_p50_ms: percentile(lags, 0.5),
        loop_lag_p99_ms: percentile(lags, 0.99),
        cpu_pct: elapsed_us > 0 ? 100 * (user + system) / elapsed_us : null,
      };
    },
  };
}
