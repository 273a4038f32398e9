// No wait without an end.

/** The value of `work`; rejects with an Error that says `late` after `ms`, or with the reason of `signal` when that comes first. */
export function bounded<T>(work: Promise<T>, ms: number, late: string, signal?: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(new Error(late)), ms);
  const stop = () => reject(signal?.reason);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  work.then(resolve, reject);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  });
}
