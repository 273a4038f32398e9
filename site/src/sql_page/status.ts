// What the SQL page says of its work: words, progress, elapsed time, errors.
/// <reference lib="dom" />
import type { PageFiles } from "./page_files.ts";
import type { SqlPage } from "./page.ts";

const TICK_MS = 100;

export class Status {
  readonly #page: SqlPage;

  constructor(page: SqlPage) {
    this.#page = page;
  }

  say(text: string): void {
    this.#page.state.textContent = text;
  }

  /** Shows an error in place of a result. */
  refuse(message: string): void {
    const { error, progress } = this.#page;
    error.textContent = message;
    [error.hidden, progress.hidden] = [false, true];
    this.say("No result.");
  }

  /** Says what the first run will load; `isKept`: nothing. */
  announce({ engine, worker, database }: PageFiles, isKept: boolean): void {
    const bytes = engine.bytes + worker.bytes + database.bytes;
    this.#page.progress.max = bytes;
    if (isKept) {
      this.say("Engine and data lie in this browser already; the first run starts them.");
      return;
    }
    const megabytes = (bytes / 1e6).toFixed(1);
    this.#page.run.textContent = `Load ${megabytes} MB and run`;
    this.say(`Nothing is loaded yet. The first run loads the engine and the data, ${megabytes} MB.`);
  }

  /** Shows the bytes that have come since the bar was shown. */
  advance(bytes: number): void {
    this.#page.progress.value += bytes;
  }

  /** Counts the seconds until what it gives is called. */
  startClock(): () => void {
    const started = performance.now();
    const show = () => {
      this.#page.elapsed.textContent = `${((performance.now() - started) / 1000).toFixed(1)} s`;
    };
    const ticking = setInterval(show, TICK_MS);
    return () => {
      clearInterval(ticking);
      show();
    };
  }
}
