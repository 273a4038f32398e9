-- GuideLLM, version 1. Its latencies are in seconds in its own files.
-- Assumed: one frame is one token iteration, and tokens are counted by usage. It reads the wall clock, ours is monotonic.
INSERT INTO definitions BY NAME
SELECT
  id, run_id, entry_id, level, 'guidellm' AS definition, 1 AS definition_version, count(*) AS requests,
  -- src/guidellm/schemas/: first token iteration, from when it was sent.
  step_spread((first_text_ns - sent_ns) / 1e6) AS ttft_ms,
  -- src/guidellm/schemas/: a variant of its own for text that is no reasoning.
  step_spread((first_answer_ns - sent_ns) / 1e6) AS ttfa_ms,
  -- src/guidellm/schemas/: (last token - sent) / n, which includes TTFT.
  step_spread((last_text_ns - sent_ns) / 1e6 / nullif(tok, 0)) AS tpot_ms,
  -- src/guidellm/schemas/: (last token - first token) / (n - 1), one mean a request: what others call TPOT.
  step_spread(CASE WHEN tok > 1 THEN (last_text_ns - first_text_ns) / 1e6 / (tok - 1) END) AS itl_ms,
  -- src/guidellm/schemas/: the whole request; to the last token.
  step_spread((last_text_ns - sent_ns) / 1e6) AS e2el_ms,
  -- Not printed by GuideLLM; 1000 / its mean ITL.
  1e3 / nullif((itl_ms).mean, 0) AS tokens_per_second_per_user,
  -- src/guidellm/schemas/: mean of the time-weighted distribution of rates, that is all tokens over the time from first to last.
  sum(tok) * 1e9 / nullif(max(last_text_ns) - min(sent_ns), 0) AS output_tokens_per_second,
  -- src/guidellm/schemas/: the same of requests.
  count(*) * 1e9 / nullif(max(last_text_ns) - min(sent_ns), 0) AS requests_per_second
FROM timed_requests
GROUP BY ALL;
