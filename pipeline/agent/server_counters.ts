// The engine's own counters while a level is measured: once when nothing is under way, every second, in a short window more often,
// and once when all has ended.
// Between the first and the last lie exactly the requests of the level. One question that fails, and the level has none.
import { type Gauges, gaugesIn } from "../schema/gauges.ts";
import type { ServerLine } from "../schema/server_line.ts";
import type { Config } from "./config.ts";

const EVERY_MS = 1000;
/** A mean needs some scrapes. */
const LEAST_A_WINDOW = 12;
const LEAST_MS = 50;
const DEADLINE_MS = 2000;

interface Scrape {
  /** Milliseconds since 1970. */
  readonly asked_at: number;
  /** Milliseconds of performance.now(). */
  readonly answered: number;
  readonly gauges: Gauges;
}

/** Where a window stands in its run; `origin` is its start, milliseconds of performance.now(). */
export interface Place extends Pick<ServerLine, "level" | "phase"> {
  readonly origin: number;
}

/** The scrapes of one window. */
export class ServerCounters {
  readonly #scrapes: Scrape[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #underWay: Promise<void> | null = null;
  #failed = false;

  private constructor(
    readonly config: Config,
    readonly cut: AbortSignal,
    readonly log: (text: string) => void,
  ) {}

  /** Takes the first scrape: nothing may be under way. A window that is cut short has no counters. */
  static async start(config: Config, cut: AbortSignal, log: (text: string) => void): Promise<ServerCounters> {
    const counters = new ServerCounters(config, cut, log);
    if (config.metrics === null) return counters;
    await counters.#scrape();
    const every_ms = Math.max(LEAST_MS, Math.min(EVERY_MS, config.duration_seconds * 1000 / LEAST_A_WINDOW));
    counters.#timer = setInterval(() => counters.#next(), every_ms);
    return counters;
  }

  /** Takes the last scrape, when nothing is under way again, and gives the lines of all; none when one of them failed. */
  async end({ level, phase, origin }: Place): Promise<ServerLine[]> {
    this.stop();
    if (this.config.metrics === null || this.cut.aborted) return [];
    await this.#underWay;
    await this.#scrape();
    if (this.#failed) return [];
    return this.#scrapes.map(({ asked_at, answered, gauges }) => ({
      t: asked_at / 1000,
      at_ns: Math.round((answered - origin) * 1e6),
      level,
      phase,
      ...gauges,
    }));
  }

  /** Asks no more by itself. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** One question at a time. */
  #next(): void {
    this.#underWay ??= this.#scrape().finally(() => this.#underWay = null);
  }

  async #scrape(): Promise<void> {
    if (this.config.metrics === null || this.#failed) return;
    const { config: { metrics: { url, names }, api_key } } = this;
    const asked_at = Date.now();
    try {
      const response = await fetch(url, {
        redirect: "error",
        signal: AbortSignal.timeout(DEADLINE_MS),
        ...(api_key === null ? {} : { headers: { authorization: `Bearer ${api_key}` } }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      this.#scrapes.push({ asked_at, answered: performance.now(), gauges: gaugesIn(text, names) });
    } catch (error) {
      this.#failed = true;
      this.stop();
      this.log(`the engine's counters are not known: ${error instanceof Error ? error.message : error}`);
    }
  }
}
