// What Vast.ai's answers say of themselves, whatever their status.
import { z } from "zod";
import type { FailureCode } from "../../schema/failures.ts";
import type { Answer, Explained } from "../account.ts";

const DAY_MS = 86_400_000;

/** What its words say: a key that it does not know is told as 404, an offer that is taken as 400, 404 or 410. `now`: milliseconds since 1970. */
export function explain(answer: Answer, now: number): FailureCode | Explained | null {
  const { status, text } = answer;
  if (/"auth_error"/.test(text)) return "bad_key";
  if (status >= 400 && /no_such_ask/.test(text)) return "offer_gone";
  if (status === 429 && /"search_quota_exceeded"/.test(text)) {
    return { code: "quota", note: `its searches count anew at ${resetOf(answer, now)}` };
  }
  if (/spend_rate_limit/.test(text)) return "quota";
  return /missing_billing|(insufficient|low|no)[ _]credit/i.test(text) ? "no_credit" : null;
}

/** When a day's searches count anew: as it tells, else at midnight UTC. */
function resetOf({ resets_at }: Answer, now: number): string {
  const midnight = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  const told = new Date(resets_at === null ? midnight : resets_at * 1000);
  const reset = Number.isNaN(told.getTime()) ? new Date(midnight) : told;
  return `${reset.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Whether an answer says itself that it is none, which it may with any status. */
export function isFault({ json }: Answer): boolean {
  return z.looseObject({ success: z.literal(false) }).safeParse(json).success;
}

export function isGone(answer: Answer): boolean {
  const told = z.looseObject({ error: z.string() }).safeParse(answer.json).data?.error ?? "";
  return answer.status === 404 && ["not_found", "no_such_instance"].includes(told);
}
