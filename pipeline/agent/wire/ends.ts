// How an answer ended, by the word that its engine gives. Pure.
import { cutText } from "../../schema/text.ts";

/**
 * The words for an answer that is whole: OpenAI's, those of TGI and DJL (`eos_token`, `stop_sequence`), llama.cpp (`eos`, `limit`, `word`),
 * Mistral (`model_length`) and Anthropic (`end_turn`, `max_tokens`, `tool_use`). Every other word is a failure, also one that nobody has
 * heard of: an answer that the engine gave up must never count as one.
 */
export const GOOD_ENDS: readonly string[] = [
  ...["stop", "length", "tool_calls", "function_call"],
  ...["eos", "eos_token", "stop_sequence", "stop_token", "limit", "word"],
  ...["model_length", "max_tokens", "end_turn", "tool_use"],
];
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
