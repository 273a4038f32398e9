/** The value that the share `at` of the values does not exceed, linear between neighbours as numpy has it; null of none. Pure. */
export function percentile(values: readonly number[], at: number): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const place = at * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}

/** That percentile of the list in which it is highest; null of none. Pure. */
export function worstOf(lists: readonly (readonly number[])[], at: number): number | null {
  const found = lists.map((values) => percentile(values, at)).filter((value) => value !== null);
  return found.length === 0 ? null : Math.max(...found);
}
