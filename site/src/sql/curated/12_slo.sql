-- Most tokens per dollar within the limits of each tier
-- bar: tokens_per_dollar, offer
SELECT
  tier, model_name, gpu || ', ' || provider || ', ' || tier AS offer, level, throughput_tokens_per_second,
  avg_tokens_per_second, delivered_tokens_per_dollar AS tokens_per_dollar, p99_ttft_ms, p99_tpot_ms
FROM rankable JOIN slo_tiers ON p99_ttft_ms <= most_ttft_ms AND p99_tpot_ms <= most_tpot_ms
WHERE delivered_tokens_per_dollar IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY tier, model_name, gpu, provider ORDER BY delivered_tokens_per_dollar DESC, id) = 1
ORDER BY position, model_name, tokens_per_dollar DESC;
