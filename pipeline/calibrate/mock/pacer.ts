// Calls each stream when it is due: a timer up to two milliseconds before, then turns of the event loop without a timer,
// which are microseconds long and let the network go on. Timers alone are up to a few milliseconds late.

export interface Paced {
  /** When it wants to be called, milliseconds of performance.now(); Infinity: never again. */
  readonly due: number;
  /** Does what is due. */
  act(): void;
}

const TIMER_SLACK_MS = 2;

/** Serves any number of streams with one timer. */
export class Pacer {
  readonly #streams = new Set<Paced>();
  #cancel: () => void = () => undefined;
  #wakes = Infinity;

  add(stream: Paced): void {
    this.#streams.add(stream);
    this.#sleep(stream.due);
  }

  remove(stream: Paced): void {
    this.#streams.delete(stream);
  }

  #sleep(until: number): void {
    if (until >= this.#wakes) return;
    this.#cancel();
    this.#wakes = until;
    const wait = until - performance.now() - TIMER_SLACK_MS;
    if (wait >= 1) {
      const timer = setTimeout(this.#turn, Math.floor(wait));
      this.#cancel = () => clearTimeout(timer);
    } else {
      const turn = setImmediate(this.#turn);
      this.#cancel = () => clearImmediate(turn);
    }
  }

  #turn = (): void => {
    this.#wakes = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const stream of this.#streams) {
      if (stream.due <= now) stream.act();
      if (stream.due < next) next = stream.due;
    }
    if (next < Infinity) this.#sleep(next);
  };
}
