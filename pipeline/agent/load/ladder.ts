// Which concurrency a ladder measures next: doubled until more brings nothing or is too slow, then between the last good level and
// the first bad one, until that is known closely enough. Pure.
import { LADDER } from "../../schema/load_limits.ts";

/** What a level brought. */
export interface Rung {
  readonly level: number;
  readonly tokens_per_second: number;
  /** False when it was above a limit on latency, or too many of its requests failed. */
  readonly meets_slo: boolean;
}

/** The next level; null when the ladder is at its end. */
export function nextLevel(history: readonly Rung[], most: number): number | null {
  const climbed = climb(history);
  const top = climbed.at(-1);
  if (top === undefined) return 1;
  if (!top.meets_slo) return between(history, ({ meets_slo }) => !meets_slo);
  if (isFlat(climbed)) {
    const peak = Math.max(...history.map(({ tokens_per_second }) => tokens_per_second));
    return between(history, ({ tokens_per_second }) => tokens_per_second >= (1 - LADDER.gain) * peak);
  }
  return top.level < most ? Math.min(2 * top.level, most) : null;
}

/** The part in which each level was higher than the one before. */
function climb(history: readonly Rung[]): readonly Rung[] {
  const end = history.findIndex(({ level }, index) => level <= (history[index - 1]?.level ?? 0));
  return end === -1 ? history : history.slice(0, end);
}

/** Whether the last two doublings both brought nothing. */
function isFlat(climbed: readonly Rung[]): boolean {
  const [before, between, last] = climbed.slice(-3);
  const gained = (from: Rung, to: Rung) => to.tokens_per_second >= (1 + LADDER.gain) * from.tokens_per_second;
  if (before === undefined || between === undefined || last === undefined) return false;
  return !gained(before, between) && !gained(between, last);
}

function between(history: readonly Rung[], isBad: (rung: Rung) => boolean): number | null {
  const bad = Math.min(...history.filter(isBad).map(({ level }) => level));
  const good = Math.max(0, ...history.map(({ level }) => level).filter((level) => level < bad));
  if (good === 0 || bad - good <= Math.max(1, LADDER.near * good)) return null;
  return Math.min(bad - 1, Math.max(good + 1, Math.round(Math.sqrt(good * bad))));
}
