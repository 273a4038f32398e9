// A fixed set of things lent one at a time, in the order in which they were asked for.

/** Lends each of `items` to one borrower at a time; later borrowers wait in a queue. */
export class Pool<T> {
  readonly #free: T[];
  readonly #waiting: ((item: T) => void)[] = [];

  constructor(items: readonly T[]) {
    this.#free = [...items];
  }

  /** The next free item, given back by disposing the loan; throws the signal's reason when it aborts first. */
  async borrow(signal: AbortSignal): Promise<{ readonly item: T } & Disposable> {
    signal.throwIfAborted();
    const item = this.#free.pop() ?? await this.#wait(signal);
    return { item, [Symbol.dispose]: () => this.#giveBack(item) };
  }

  #wait(signal: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const leave = () => {
      this.#waiting.splice(this.#waiting.indexOf(take), 1);
      reject(signal.reason);
    };
    const take = (item: T) => {
      signal.removeEventListener("abort", leave);
      resolve(item);
    };
    this.#waiting.push(take);
    signal.addEventListener("abort", leave, { once: true });
    return promise;
  }

  #giveBack(item: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(item);
    else next(item);
  }
}
