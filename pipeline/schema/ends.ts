// Which ends of an answer are good ones.

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
