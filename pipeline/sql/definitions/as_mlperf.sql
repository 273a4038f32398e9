-- MLPerf Inference's LoadGen in the Server scenario, version 1.
-- Assumed: the system under test reports its first and last token when their frames come.
INSERT INTO definitions BY NAME
SELECT
  id, run_id, entry_id, level, 'mlperf' AS definition, 1 AS definition_version, count(*) AS requests,
  -- loadgen/results.cc: first token from the scheduled time.
  floor_spread((first_text_ns - scheduled_ns) / 1e6) AS ttft_ms,
  -- inference_policies:inference_rules.adoc: (final - first) / (n - 1).
  floor_spread(CASE WHEN tok > 1 THEN (last_text_ns - first_text_ns) / 1e6 / (tok - 1) END) AS tpot_ms,
  -- loadgen/results.cc: latency from the scheduled time.
  floor_spread((last_text_ns - scheduled_ns) / 1e6) AS e2el_ms,
  -- Not printed by LoadGen; 1000 / mean TPOT.
  1e3 / nullif((tpot_ms).mean, 0) AS tokens_per_second_per_user,
  -- loadgen/results.cc: completed tokens, from the start of the test to the last completion.
  sum(tok) * 1e9 / nullif(max(last_text_ns), 0) AS output_tokens_per_second,
  -- loadgen/results.cc: completed samples over the same time.
  count(*) * 1e9 / nullif(max(last_text_ns), 0) AS requests_per_second
FROM timed_requests
GROUP BY ALL;
