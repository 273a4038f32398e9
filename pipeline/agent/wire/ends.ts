// How an answer ended, by the word that its engine gives. Pure.
import { GOOD_ENDS } from "../../schema/ends.ts";
import { cutText } from "../../schema/text.ts";

/** What servers write where there is no end yet. */
const NO_END: readonly string[] = ["", "null", "none"];
const MOST_CHARACTERS = 60;
/** What a word that is not among the good ends says where another one, of whatever kind, stands beside it. */
const GIVEN_UP = /error|abort|cancel|fail|timeout/i;

export interface End {
  readonly stop?: string;
  readonly error?: string;
}

/** What `told`, an engine's reason for the end, says: the word, why it is no good one, or nothing. An end that is no word is no good one. */
export function endIn(told: unknown): End {
  const word = wordOf(told);
  if (NO_END.includes(word.toLowerCase())) return {};
  const stop = cutText(word, MOST_CHARACTERS);
  const isGood = typeof told === "string" && GOOD_ENDS.includes(stop.toLowerCase().replaceAll("-", "_"));
  if (isGood) return { stop };
  return { stop, error: `the engine ended the answer as "${stop}"; good ends are ${GOOD_ENDS.join(", ")}` };
}

/** The same of a reason that counts only where it says that the answer was given up: a model's own word, which may be any. */
export function givenUpIn(told: unknown): End {
  return GIVEN_UP.test(wordOf(told)) ? endIn(told) : {};
}

/** The bad end of several, or else the first. */
export function worstOf(ends: readonly End[]): End {
  return ends.find(({ error }) => error !== undefined) ?? ends.find(({ stop }) => stop !== undefined) ?? {};
}

function wordOf(told: unknown): string {
  if (typeof told === "string") return told.trim();
  return told === undefined || told === null || told === false ? "" : JSON.stringify(told);
}
