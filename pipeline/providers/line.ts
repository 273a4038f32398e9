// Calls of an account that begin one after another, with a pause between two.
import type { Clock } from "../lib/clock.ts";

export class Line {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;
  #begun = -Infinity;

  /** `pause`: least seconds between the beginnings of two calls. */
  constructor(readonly pause: number, readonly clock: Clock) {}

  /** Resolves when it is this call's turn, and `then` has ended; `first`: before all others that wait. */
  async turn(first: boolean, signal?: AbortSignal, then = () => Promise.resolve()): Promise<void> {
    await this.#place(first);
    try {
      await this.#pauseOver(signal);
      await then();
      this.#begun = this.clock.now();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#isTaken = false;
      else next();
    }
  }

  /** Whoever leaves hands the place on, so it stays taken. */
  async #place(first: boolean): Promise<void> {
    if (this.#isTaken) {
      await new Promise<void>((resolve) =>
        first ? this.#waiting.unshift(resolve) : this.#waiting.push(resolve)
      );
    }
    this.#isTaken = true;
  }

  async #pauseOver(signal?: AbortSignal): Promise<void> {
    const ms = (seconds: number) => this.clock.after(seconds) - this.clock.now();
    const free = this.#begun + ms(this.pause);
    while (this.clock.now() < free) {
      await this.clock.sleep((free - this.clock.now()) / Math.max(1, ms(1)), signal);
    }
  }
}
