-- The almanac's own definition, version 2: what its benchmarks table says, over the requests whose times are known.
INSERT INTO definitions BY NAME
SELECT
  id, run_id, entry_id, level, 'almanac' AS definition, 2 AS definition_version, count(*) AS requests,
  -- 30_request_lines.sql: first text, reasoning included, from the scheduled time.
  linear_spread((first_text_ns - scheduled_ns) / 1e6) AS ttft_ms,
  -- 30_request_lines.sql: first text that is no reasoning, from the scheduled time.
  linear_spread((first_answer_ns - scheduled_ns) / 1e6) AS ttfa_ms,
  -- 30_request_lines.sql: one value a request, what 1 s is to its tokens/s; requests of one token or one frame have none.
  linear_spread(1e3 / tokens_per_second) AS tpot_ms,
  -- 45_inter_token.sql: gaps between frames with text, pooled over requests.
  itl_ms,
  -- 30_request_lines.sql: duration of the whole request, from when it was sent.
  linear_spread(latency_ms) AS e2el_ms,
  -- 50_load.sql: mean over requests of tokens/s of the decode phase.
  avg(tokens_per_second) AS tokens_per_second_per_user,
  -- 50_load.sql: output tokens over the wall window of the level, with those of the settling load inside it.
  (sum(tok) + any_value(settle_tokens)) / nullif(any_value(window_seconds), 0) AS output_tokens_per_second,
  -- 50_load.sql: successful requests over the same window.
  count(*) / nullif(any_value(window_seconds), 0) AS requests_per_second
FROM timed_requests LEFT JOIN chunk_gaps USING (id)
GROUP BY ALL;
