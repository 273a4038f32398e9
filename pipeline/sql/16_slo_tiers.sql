-- Limits within which a request is served well enough, and how many requests a second are.

-- The limits are MLPerf Inference's (inference_rules.adoc): llama3.1-8b interactive, llama3.1-8b, llama2-70b.
CREATE TABLE slo_tiers (position INTEGER, tier VARCHAR, most_ttft_ms DOUBLE, most_tpot_ms DOUBLE);
INSERT INTO slo_tiers VALUES (1, 'interactive', 500, 30), (2, 'standard', 2000, 100), (3, 'relaxed', 2000, 200);
COMMENT ON TABLE slo_tiers IS 'Limits on time to first token and time per output token by which goodput is counted.';
COMMENT ON COLUMN slo_tiers.position IS 'From the strictest on.';
COMMENT ON COLUMN slo_tiers.tier IS 'Name of the tier.';
COMMENT ON COLUMN slo_tiers.most_ttft_ms IS 'Longest time to first token, from the scheduled time, ms.';
COMMENT ON COLUMN slo_tiers.most_tpot_ms IS 'Longest time per output token after the first, ms.';

-- Whether a request keeps both limits; one without a second token has no time per output token to exceed (as vLLM has it).
CREATE MACRO meets_slo(ttft_ms, tpot_ms, most_ttft_ms, most_tpot_ms) AS
  coalesce(ttft_ms <= most_ttft_ms AND coalesce(tpot_ms, 0) <= most_tpot_ms, false);

-- Goodput of every benchmark under any limits, from the Parquet parts of requests, e.g.
-- FROM goodput_under('requests.parquet/*.parquet', 450, 40). Only those whose times are known.
CREATE MACRO goodput_under(requests_files, most_ttft_ms, most_tpot_ms) AS TABLE
SELECT
  benchmark_id, run_id, entry_id, level,
  count(*) FILTER (NOT failed AND meets_slo(ttft_ms, tpot_ms, most_ttft_ms, most_tpot_ms)) AS good_requests,
  good_requests / (max(end_ns) / 1e9) AS requests_per_second
FROM read_parquet(requests_files)
WHERE phase = 'measure' AND error_class IS DISTINCT FROM 'stopped'
GROUP BY ALL
HAVING count(ttft_ms) FILTER (NOT failed) > 0;
