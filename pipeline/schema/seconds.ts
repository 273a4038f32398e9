// PURE. A length of time as people write it.

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };
const PART = /(\d+(?:\.\d+)?)(ms|s|min|m|h|d)/g;

/** What is taken as one, for people. */
export const SECONDS_FORMS = "seconds, or a time such as 300s, 5m or 1h30m";

/** Seconds of `300`, `300s`, `5m`, `1h` or `1h30m`; null where it is none of these. */
export function secondsIn(text: string): number | null {
  const plain = text.trim();
  if (plain === "") return null;
  if (Number.isFinite(Number(plain))) return Number(plain);
  if (plain.replaceAll(PART, "") !== "") return null;
  return [...plain.matchAll(PART)].reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (SECONDS[unit] ?? NaN),
    0,
  );
}
