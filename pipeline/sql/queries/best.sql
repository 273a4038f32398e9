-- The fastest benchmark of a model at one load level.
SELECT result, cost_analysis FROM rankable_for($model, $concurrency::DOUBLE, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
ORDER BY rate_tokens_per_second DESC, id
LIMIT 1;
