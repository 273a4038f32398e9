// PURE. Large numbers as people say them.

/** `7.5M`, `767K`: one digit after the point from a million on. */
export function shortNumber(value: number): string {
  const digits = value >= 1e6 ? 1 : 0;
  return value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: digits });
}
