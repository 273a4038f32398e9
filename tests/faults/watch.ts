// What a trial in this process costs it: processor time, memory, and how late its event loop is.
import process from "node:process";

const TICK_MS = 20;
const MIB = 2 ** 20;

export class Watch {
  readonly #cpu = process.cpuUsage();
  readonly #lags: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #due = performance.now() + TICK_MS;
  #rss = 0;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  end() {
    clearInterval(this.#timer);
    const { user, system } = process.cpuUsage(this.#cpu);
    const lags = this.#lags.sort((a, b) => a - b);
    const at = (part: number) => lags[Math.min(lags.length - 1, Math.floor(part * lags.length))] ?? 0;
    return {
      rss_mib: this.#rss / MIB,
      cpu_seconds: (user + system) / 1e6,
      lag_ms: { p50: at(0.5), p99: at(0.99), most: at(1) },
    };
  }

  #tick(): void {
    const now = performance.now();
    this.#lags.push(Math.max(0, now - this.#due));
    this.#due = now + TICK_MS;
    this.#rss = Math.max(this.#rss, Deno.memoryUsage().rss);
  }
}

/** The most that existed at the same time. */
export function mostAtOnce(machines: readonly { created_at: number; gone_at: number | null }[]): number {
  const changes = machines.flatMap(({ created_at, gone_at }) => [
    { at: created_at, by: 1 },
    ...(gone_at === null ? [] : [{ at: gone_at, by: -1 }]),
  ]).sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of changes) most = Math.max(most, now += by);
  return most;
}
