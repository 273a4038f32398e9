-- The fastest benchmark of a model at one load level under one workload.
SELECT id FROM rankable_for($model, $concurrency::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
ORDER BY rate_tokens_per_second DESC, id
LIMIT 1;
