// Which ends of an answer are good ones.

/** The words for an answer that was cut off at the length that was asked for: OpenAI's, llama.cpp's, Mistral's, Anthropic's, Transformers'. */
export const CUT_ENDS: readonly string[] = [
  ...["length", "limit", "model_length"],
  ...["max_tokens", "max_length", "max_new_tokens"],
];

/**
 * The words for an answer that is whole: those, and where it ended by itself OpenAI's, TGI's and DJL's (`eos_token`, `stop_sequence`),
 * llama.cpp's (`eos`, `word`), Anthropic's (`end_turn`, `tool_use`) and Cohere's (`complete`). Every other word is a failure, also one that nobody has heard
 * of: an answer that the engine gave up must never count as one.
 */
export const GOOD_ENDS: readonly string[] = [
  ...["stop", "length", "tool_calls", "function_call"],
  ...["eos", "eos_token", "stop_sequence", "stop_token", "word", "end_turn", "tool_use"],
  ...["complete", "completed"],
  ...CUT_ENDS.filter((word) => word !== "length"),
];
