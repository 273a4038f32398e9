// One look at an account serves all who wait for it: accounts allow about one call a second, however many machines start.
import { type Provider, shownBy, type Sighting } from "../providers/provider.ts";

interface Waiting {
  readonly id: string;
  readonly resolve: (sighting: Sighting | null) => void;
  readonly reject: (reason: unknown) => void;
}

export class Lookout {
  #waiting: Waiting[] = [];
  #isLooking = false;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<Sighting[]> | null = null;

  constructor(readonly provider: Provider) {}

  /** The machine as `get` tells it; while several are waited for, those that still start are read from one list. */
  see(id: string): Promise<Sighting | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      if (!this.#isLooking) this.#look();
    });
  }

  /** A complete list that was asked for after this call. */
  list(): Promise<Sighting[]> {
    this.#next ??= this.#current.then(() => {
      this.#next = null;
      const list = this.provider.list();
      this.#current = list.catch(() => undefined);
      return list;
    });
    return this.#next;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const listed = group.length === 1 ? Promise.resolve([]) : shownBy(this.list());
      await Promise.all(group.map(({ id, resolve, reject }) =>
        listed.then((sightings) => {
          const sighting = sightings.find((each) => each.id === id);
          return sighting?.state === "starting" ? sighting : this.provider.get(id);
        }).then(resolve, reject)
      ));
    }
    this.#isLooking = false;
  }
}
