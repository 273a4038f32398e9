// How JSON is written wherever the almanac writes it: the same bytes on the command line and in the mirror.

/** Two spaces, a line break at the end. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** One benchmark as it stands inside a list file. */
export function listItem(benchmark: unknown): string {
  return JSON.stringify(benchmark, null, 2).replaceAll("\n", "\n    ");
}

/** `toJson({ benchmarks, count })` for benchmarks that are already text. */
export function listToJson(items: readonly string[]): string {
  if (items.length === 0) return toJson({ benchmarks: [], count: 0 });
  return `{\n  "benchmarks": [\n    ${items.join(",\n    ")}\n  ],\n  "count": ${items.length}\n}\n`;
}
