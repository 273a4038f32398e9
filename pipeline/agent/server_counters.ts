// The engine's own counters while a level is measured: once when nothing is under way, every second, in a short window more often,
// and once when all has ended.
// Between the first and the last lie exactly the requests of the level. A question that fails leaves a gap and nothing else.
import { type Gauges, gaugesIn } from "../schema/gauges.ts";
import type { ServerLine } from "../schema/server_line.ts";
import type { Config } from "./config.ts";
import { fetchText } from "./fetch_text.ts";

const EVERY_MS = 1000;
/** A mean needs some scrapes. */
const LEAST_A_WINDOW = 12;
const LEAST_MS = 50;
const DEADLINE_MS = 2000;
/** Of the first and the last: nothing is under way that they could disturb. */
const PATIENT_MS = 10_000;
/** What an engine answers that has no counters, or shows them to nobody. */
const HAS_NONE = [401, 403, 404, 405, 501];

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
  #has_none = false;

  private constructor(
    readonly config: Config,
    readonly cut: AbortSignal,
    readonly log: (text: string) => void,
  ) {}

  /** Takes the first scrape: nothing may be under way. A window that is cut short has no counters. */
  static async start(config: Config, cut: AbortSignal, log: (text: string) => void): Promise<ServerCounters> {
    const counters = new ServerCounters(config, cut, log);
    if (config.metrics === null) return counters;
    await counters.#scrape(PATIENT_MS);
    if (counters.#has_none) return counters;
    const every_ms = Math.max(LEAST_MS, Math.min(EVERY_MS, config.duration_seconds * 1000 / LEAST_A_WINDOW));
    counters.#timer = setInterval(() => counters.#next(), every_ms);
    return counters;
  }

  /** Takes the last scrape, when nothing is under way again, and gives the lines of all that were answered. */
  async end({ level, phase, origin }: Place): Promise<ServerLine[]> {
    this.stop();
    if (this.config.metrics === null || this.cut.aborted) return [];
    await this.#underWay;
    if (!this.#has_none) await this.#scrape(PATIENT_MS);
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
    this.#underWay ??= this.#scrape(DEADLINE_MS).finally(() => this.#underWay = null);
  }

  async #scrape(deadline_ms: number): Promise<void> {
    const { config: { metrics, api_key } } = this;
    if (metrics === null) return;
    const asked_at = Date.now();
    try {
      const { status, text } = await fetchText(metrics.url, { api_key, deadline_ms });
      if (status >= 300) {
        this.#has_none = this.#scrapes.length === 0 && HAS_NONE.includes(status);
        throw new Error(`${metrics.url} answered ${status}`);
      }
      this.#scrapes.push({ asked_at, answered: performance.now(), gauges: gaugesIn(text, metrics.names) });
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Said once a level. */
  #fail(why: string): void {
    if (!this.#failed) {
      this.log(`the engine's counters are not known${this.#has_none ? "" : " at times"}: ${why}`);
    }
    this.#failed = true;
  }
}
