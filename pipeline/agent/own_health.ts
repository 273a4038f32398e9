// How the load generator itself fares: a client that is busy or late measures itself.
import process from "node:process";
import type { ClientHealth } from "../schema/metadata.ts";
import { worstOf } from "./percentile.ts";
import type { Exchanger } from "./shards/exchanger.ts";

/** Watches this process and the threads of `exchanger` from now on; what `end` gives is of the time between. */
export function watchOwnHealth(exchanger: Exchanger): { end(): Promise<ClientHealth> } {
  const loops = exchanger.watchLoops();
  const since = performance.now();
  const before = process.cpuUsage();
  return {
    async end() {
      const { user, system } = process.cpuUsage(before);
      const elapsed_us = (performance.now() - since) * 1000;
      const lags = await loops.end();
      return {
        loop_lag_p50_ms: worstOf(lags, 0.5),
        loop_lag_p99_ms: worstOf(lags, 0.99),
        cpu_pct: elapsed_us > 0 ? 100 * (user + system) / elapsed_us : null,
        shards: exchanger.shards,
      };
    },
  };
}
