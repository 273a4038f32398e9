// When a level's load ends: after its planned time, or later, when enough of its requests have ended.
import { LONGEST } from "../../schema/load_limits.ts";

/** Times are milliseconds from the window's start. */
export class Horizon {
  #ended = 0;
  #enough_at: number;

  constructor(readonly planned: number, readonly least_requests: number) {
    this.#enough_at = least_requests > 0 ? Infinity : 0;
  }

  /** One more measured request has ended. */
  see(at: number): void {
    this.#ended += 1;
    if (this.#ended === this.least_requests) this.#enough_at = at;
  }

  /** As far as is known by now. */
  get end(): number {
    return Math.min(LONGEST * this.planned, Math.max(this.planned, this.#enough_at));
  }
}
