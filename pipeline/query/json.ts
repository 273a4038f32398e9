// How JSON is written wherever the almanac writes it: the same bytes on the command line and in the mirror.

/** Two spaces, a line break at the end. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
