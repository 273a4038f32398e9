-- All benchmarks of a model at one load level under one workload beside the fastest, fastest first; the first row is the baseline.
WITH ranked AS (
  SELECT * FROM rankable_for($model, $concurrency::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
)
SELECT
  result,
  rate_tokens_per_second / first(rate_tokens_per_second) OVER fastest_first AS speedup_factor,
  tokens_per_dollar / first(tokens_per_dollar) OVER fastest_first AS cost_efficiency,
  rate_tokens_per_second / memory_available_gib / first(rate_tokens_per_second / memory_available_gib) OVER fastest_first
    AS memory_efficiency
FROM ranked JOIN (SELECT id, result FROM answers WHERE model_name = $model) USING (id)
WINDOW fastest_first AS (ORDER BY rate_tokens_per_second DESC, id)
ORDER BY rate_tokens_per_second DESC, id;
