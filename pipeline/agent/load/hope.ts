// When no answer can be hoped for any more: so many requests in a row have failed.
import { AgentError } from "../config.ts";
import type { Exchange } from "../exchange.ts";

export class Hope {
  #failures = 0;
  #last = "";

  constructor(readonly most: number) {}

  see(error: Exchange["error"]): void {
    this.#failures = error === null ? 0 : this.#failures + 1;
    this.#last = error?.message ?? this.#last;
  }

  get isLost(): boolean {
    return this.#failures >= this.most;
  }

  /** Throws when it is lost. */
  require(): void {
    if (this.isLost) {
      throw new AgentError(`the engine failed ${this.#failures} times in a row: ${this.#last}`);
    }
  }
}
