-- What each GPU may be expected to do for a model at one load level under one workload, by average tokens/s. Where some of its results had the
-- model wholly in GPU memory, the others do not count.
WITH ranked AS (
  SELECT * FROM rankable_for($model, $concurrency::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
  QUALIFY coalesce(fits, true) OR NOT bool_or(coalesce(fits, true)) OVER (PARTITION BY gpu)
),
smallest AS (
  SELECT min(memory_available_gib) AS min_vram_gib FROM ranked WHERE coalesce(fits, true)
)
SELECT
  gpu, min_vram_gib,
  avg(rate_tokens_per_second) AS expected_tps,
  min(price_per_hour) AS estimated_cost_per_hour,
  count(*) AS benchmarks,
  min(cost_per_million_tokens) AS cost_per_million_tokens,
  first(provider ORDER BY cost_per_million_tokens NULLS LAST, id) AS cheapest_provider,
  bool_or(weights = 'random') AS random_weights,
  bool_and(fits IS NOT DISTINCT FROM false) AS too_large,
  max(memory_needed_gib) AS memory_needed_gib,
  min(memory_available_gib) AS memory_available_gib
FROM ranked, smallest
GROUP BY ALL
ORDER BY expected_tps DESC, gpu;
