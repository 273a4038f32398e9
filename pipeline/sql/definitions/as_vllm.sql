-- vLLM's `vllm bench serve`, version 2.
-- Assumed: our first frame has `choices`; before the first text there is at most one such frame without text, and none after the
-- last text (a frame with finish_reason alone would count as one more). Without lead_frames, a frame that came in one piece with the
-- first text is not seen (version 1 saw none of those).
INSERT INTO definitions BY NAME
WITH frame_gaps AS (
  -- vllm/benchmarks/lib/endpoint_request_func.py: every gap between frames with choices, one a chunk, the wait from a role-only
  -- frame to the first text among them.
  SELECT id, unnest(gaps_us)::BIGINT AS gap_us FROM timed_chunks
  UNION ALL
  SELECT id, (first_text_ns - first_frame_ns) // 1000 FROM timed_requests
  WHERE coalesce(lead_frames > 0, first_frame_ns < first_text_ns)
),
itl AS (
  -- vllm/benchmarks/serve.py: pooled over requests.
  SELECT id, linear_spread(gap_us / 1e3) AS itl_ms FROM frame_gaps GROUP BY ALL
)
SELECT
  id, run_id, entry_id, level, 'vllm' AS definition, 2 AS definition_version, count(*) AS requests,
  -- vllm/benchmarks/lib/endpoint_request_func.py: first frame with choices, role-only or empty too, from just before the POST.
  linear_spread((first_frame_ns - sent_ns) / 1e6) AS ttft_ms,
  -- vllm/benchmarks/serve.py: (E2EL - TTFT) / (n - 1); n <= 1 is dropped.
  linear_spread(CASE WHEN tok > 1 THEN (last_text_ns - first_frame_ns) / 1e6 / (tok - 1) END) AS tpot_ms,
  itl_ms,
  -- vllm/benchmarks/lib/endpoint_request_func.py: last frame with choices; the usage frame is not one.
  linear_spread((last_text_ns - sent_ns) / 1e6) AS e2el_ms,
  -- InferenceX's utils/process_result.py, since vLLM prints none: 1000 / mean TPOT.
  1e3 / nullif((tpot_ms).mean, 0) AS tokens_per_second_per_user,
  -- vllm/benchmarks/serve.py: tokens of successful requests over the whole run, ramp, drain and failures included.
  sum(tok) / nullif(any_value(window_seconds), 0) AS output_tokens_per_second,
  -- vllm/benchmarks/serve.py: successful requests over the same time.
  count(*) / nullif(any_value(window_seconds), 0) AS requests_per_second
FROM timed_requests LEFT JOIN itl USING (id)
GROUP BY ALL;
