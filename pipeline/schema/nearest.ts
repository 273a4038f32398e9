// The known names that look most like one that is not known.

/** At most `most` of `known`, nearest first: those that contain `name`, then by edit distance. Pure. */
export function nearest(name: string, known: readonly string[], most = 5): string[] {
  const wanted = name.toLowerCase();
  const score = (other: string) =>
    other.toLowerCase().includes(wanted) ? -1 : distance(wanted, other.toLowerCase());
  return known.map((other) => ({ other, score: score(other) })).sort((a, b) => a.score - b.score)
    .slice(0, most).map(({ other }) => other);
}

/** Levenshtein distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
