// The known names that look most like one that is not known.

/** At most `most` of `known`, nearest first: those that contain `name`, then by edit distance. Pure. */
export function nearest(name: string, known: readonly string[], most = 5): string[] {
  const wanted = name.toLowerCase();
  const score = (other: string) =>
    other.toLowerCase().includes(wanted) ? -1 : distance(wanted, other.toLowerCase());
  return known.map((other) => ({ other, score: score(other) })).sort((a, b) => a.score - b.score)
    .slice(0, most).map(({ other }) => other);
}

/** Whether `name` looks like one of `known` that was written wrongly: one letter in three, and at most two. Pure. */
export function isMisspelt(name: string, known: readonly string[]): boolean {
  const most = Math.min(2, Math.floor(name.length / 3));
  return isWithin(name, known, most);
}

/** Whether at most `most` letters lie between `name` and one of `known`, whatever their case. Pure. */
export function isWithin(name: string, known: readonly string[], most: number): boolean {
  return known.some((other) => distance(name.toLowerCase(), other.toLowerCase()) <= most);
}

/** Levenshtein distance, where two neighbours that changed places count once; one row at a time. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      const isSwap = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      const swapped = isSwap ? (before[j - 1] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, swapped));
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? 0;
}
