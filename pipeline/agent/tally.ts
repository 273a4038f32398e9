// Counts what a level has brought so far.
import type { RequestLine } from "../schema/request.ts";
import type { Tally } from "../schema/tally.ts";

/** The measured lines of a level. */
export class LevelTally {
  #started = performance.now();
  #requests = 0;
  #tokens = 0;
  #errors = 0;
  #frames = 0;

  constructor(readonly level: number, readonly planned_seconds: number) {}

  /** The window begins now. */
  start(): void {
    this.#started = performance.now();
  }

  add(line: RequestLine): void {
    if (line.phase !== "measure" || line.error_class === "stopped") return;
    this.#requests += 1;
    if (line.err === true) this.#errors += 1;
    else this.#tokens += line.tok;
  }

  /** One more frame with text arrived, of whichever request. */
  frame(): void {
    this.#frames += 1;
  }

  now(): Tally {
    const elapsed_seconds = (performance.now() - this.#started) / 1000;
    return {
      level: this.level,
      elapsed_seconds,
      planned_seconds: this.planned_seconds,
      requests: this.#requests,
      tokens: this.#tokens,
      errors: this.#errors,
      frames: this.#frames,
      tokens_per_second: elapsed_seconds > 0 ? this.#tokens / elapsed_seconds : 0,
    };
  }
}
