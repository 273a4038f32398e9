-- SGLang's bench_serving over the OpenAI route, version 1.
-- Assumed: speculative decoding is off (with it SGLang splits chunk gaps, as on its native route).
INSERT INTO definitions BY NAME
SELECT
  id, run_id, entry_id, level, 'sglang' AS definition, 1 AS definition_version, count(*) AS requests,
  -- python/sglang/benchmark/serving.py: first frame with text or reasoning.
  linear_spread((first_text_ns - sent_ns) / 1e6) AS ttft_ms,
  -- python/sglang/benchmark/metrics.py: (E2EL - TTFT) / (n - 1), where E2EL reaches the frame with usage.
  linear_spread(CASE WHEN tok > 1 THEN (last_frame_ns - first_text_ns) / 1e6 / (tok - 1) END) AS tpot_ms,
  -- python/sglang/benchmark/serving.py: gaps between chunks, pooled over requests.
  itl_ms,
  -- python/sglang/benchmark/serving.py: to the last frame, usage or [DONE].
  linear_spread((last_frame_ns - sent_ns) / 1e6) AS e2el_ms,
  -- InferenceX's utils/process_result.py, since SGLang prints none: 1000 / mean TPOT.
  1e3 / nullif((tpot_ms).mean, 0) AS tokens_per_second_per_user,
  -- python/sglang/benchmark/metrics.py: tokens of successful requests over the whole run, ramp and drain included.
  sum(tok) / nullif(any_value(window_seconds), 0) AS output_tokens_per_second,
  -- python/sglang/benchmark/metrics.py: successful requests over the same time.
  count(*) / nullif(any_value(window_seconds), 0) AS requests_per_second
FROM timed_requests LEFT JOIN chunk_gaps USING (id)
GROUP BY ALL;
