// Counts what a level has brought so far.
import type { RequestLine } from "../schema/request.ts";
import type { Tally } from "../schema/tally.ts";
import type { Outcome, Step } from "./load/course.ts";
import { Figures, type Slo } from "./load/figures.ts";

/** The measured lines of a level. */
export class LevelTally {
  readonly #figures = new Figures();
  /** No window has begun. */
  #origin = Infinity;
  #requests = 0;
  #tokens = 0;
  #errors = 0;
  #inFlight = 0;
  readonly #framesBefore: number;

  /** `frames` tells the frames with text of all requests so far. */
  constructor(readonly step: Step, readonly planned_seconds: number, readonly frames: () => number) {
    this.#framesBefore = frames();
  }

  /** The window begins at `origin`, milliseconds of performance.now(). */
  start(origin: number): void {
    this.#origin = origin;
  }

  /** One more request, of any phase, is under way. */
  sent(): void {
    this.#inFlight += 1;
  }

  /** One of them has ended. */
  add(line: RequestLine): void {
    this.#inFlight -= 1;
    if (line.phase === "warmup" || line.error_class === "stopped") return;
    this.#figures.add(line);
    if (line.phase === "settle") return;
    this.#requests += 1;
    if (line.err === true) this.#errors += 1;
    else this.#tokens += line.tok ?? 0;
  }

  now(): Tally {
    const elapsed_seconds = Math.max(0, performance.now() - this.#origin) / 1000;
    const { arrival, level, phase, step, steps } = this.step;
    return {
      arrival,
      level,
      phase,
      step,
      steps,
      elapsed_seconds,
      planned_seconds: this.planned_seconds,
      requests: this.#requests,
      tokens: this.#tokens,
      errors: this.#errors,
      frames: this.frames() - this.#framesBefore,
      in_flight: this.#inFlight,
      tokens_per_second: elapsed_seconds > 0 ? this.#tokens / elapsed_seconds : 0,
    };
  }

  /** What the level came to, its load having been on for so long. */
  outcome(load_seconds: number, slo: Slo): Outcome {
    const { level, phase } = this.step;
    return { ...this.#figures.rung(level, load_seconds, slo), phase };
  }
}
