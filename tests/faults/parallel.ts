// Trials side by side, so many at a time; their results in the order of the trials.
export async function inParallel<T, R>(
  items: readonly T[],
  parallel: number,
  work: (item: T, n: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < items.length; n = next++) results[n] = await work(items[n] as T, n + 1);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}
