-- Artificial Analysis (artificialanalysis.ai/methodology), version 1.
-- Assumed: tokens are the engine's count; ramp-up and cool-down, which it leaves out, are warm-up requests here.
INSERT INTO definitions BY NAME
SELECT
  id, run_id, entry_id, level, 'artificial_analysis' AS definition, 1 AS definition_version, count(*) AS requests,
  -- artificialanalysis.ai/methodology: first token received.
  linear_spread((first_text_ns - sent_ns) / 1e6) AS ttft_ms,
  -- artificialanalysis.ai/methodology: end to end per query; to the last token.
  linear_spread((last_text_ns - sent_ns) / 1e6) AS e2el_ms,
  -- artificialanalysis.ai/methodology: output speed, tokens after the first over the time after the first; median of the phase.
  quantile_cont(CASE WHEN tok > 1 THEN (tok - 1) * 1e9 / nullif(last_text_ns - first_text_ns, 0) END, 0.5) AS tokens_per_second_per_user
FROM timed_requests
GROUP BY ALL;
