-- The most tokens per dollar for a model at one load level under one workload, among those that reach $min_tps tokens/s.
SELECT id FROM rankable_for($model, $concurrency::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
WHERE tokens_per_dollar IS NOT NULL AND rate_tokens_per_second >= coalesce($min_tps::DOUBLE, 0)
ORDER BY tokens_per_dollar DESC, rate_tokens_per_second DESC, id
LIMIT 1;
