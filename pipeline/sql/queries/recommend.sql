-- What each GPU may be expected to do for a model at one load level, by average tokens/s.
WITH ranked AS (
  SELECT *, gpu_memory_mib * greatest(gpu_count, 1) / 1024 AS memory_gib
  FROM rankable_for($model, $concurrency::DOUBLE, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
),
smallest AS (
  SELECT min(memory_gib) AS min_vram_gib FROM ranked
  WHERE NOT list_contains([verdict.code FOR verdict IN verdicts], 'cpu_spill')
)
SELECT
  gpu_name, min_vram_gib,
  avg(rate_tokens_per_second) AS expected_tps,
  min(price_per_hour) AS estimated_cost_per_hour,
  count(*) AS benchmarks,
  min(cost_per_million_tokens) AS cost_per_million_tokens,
  arg_min(provider, price_per_hour) AS cheapest_provider,
  bool_or(weights = 'random') AS random_weights
FROM ranked, smallest
GROUP BY ALL
ORDER BY expected_tps DESC, gpu_name;
