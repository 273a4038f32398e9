// Which verdicts could be given to a benchmark, and which not for want of data. Pure.
import { type BenchmarkResult, type VerdictCode, VERDICTS } from "../../../pipeline/schema/benchmark.ts";
import { VERDICT_MEANINGS, type VerdictMeaning } from "../../../pipeline/schema/verdict_meanings.ts";

export interface Rule extends VerdictMeaning {
  readonly code: VerdictCode;
  readonly severity: (typeof VERDICTS)[VerdictCode];
}

/** Every verdict there is, fatal ones first. */
export const RULES: readonly Rule[] = (Object.keys(VERDICTS) as VerdictCode[]).map((code) => ({
  code,
  severity: VERDICTS[code],
  ...VERDICT_MEANINGS[code],
}));

/** The verdicts that were not checked; null where nothing was, since there is no raw evidence. */
export function uncheckedOf({ checked }: Pick<BenchmarkResult, "checked">): readonly Rule[] | null {
  return checked === null ? null : RULES.filter(({ code }) => !checked.includes(code));
}
