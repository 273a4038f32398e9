// How an answer ended, by the word that its engine gives. Pure.
import { GOOD_ENDS } from "../../schema/ends.ts";
import { cutText } from "../../schema/text.ts";

/** What servers write where there is no end yet. */
const NO_END: readonly string[] = ["", "null", "none"];
const MOST_CHARACTERS = 60;

/** What `told`, an engine's reason for the end, says: the word, why it is no good one, or nothing. */
export function endIn(told: unknown): { readonly stop?: string; readonly error?: string } {
  if (typeof told !== "string" || NO_END.includes(told.trim().toLowerCase())) return {};
  const stop = cutText(told.trim(), MOST_CHARACTERS);
  if (GOOD_ENDS.includes(stop.toLowerCase().replaceAll("-", "_"))) return { stop };
  return { stop, error: `the engine ended the answer as "${stop}"; good ends are ${GOOD_ENDS.join(", ")}` };
}
