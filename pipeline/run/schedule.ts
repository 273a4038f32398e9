// Work side by side, so many at a time, and never two at once that need the same thing.

/** Does `work` for every item, in their order as far as possible. The first error ends it once all that began has ended. */
export async function schedule<T>(
  items: readonly T[],
  parallel: number,
  resourceOf: (item: T) => string,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const running = new Map<string, Promise<void>>();
  const errors: unknown[] = [];
  while (running.size > 0 || (waiting.length > 0 && errors.length === 0)) {
    const index = errors.length === 0 && running.size < parallel
      ? waiting.findIndex((item) => !running.has(resourceOf(item)))
      : -1;
    const [item] = index < 0 ? [] : waiting.splice(index, 1);
    if (item === undefined) {
      await Promise.race(running.values());
      continue;
    }
    const resource = resourceOf(item);
    const ended = work(item).catch((error) => void errors.push(error)).finally(() =>
      running.delete(resource)
    );
    running.set(resource, ended);
  }
  if (errors.length > 0) throw errors[0];
}
