-- What each kind of machine (a GPU, how many of it, a provider, rented on demand or interruptible) gives for a model at one load level under one workload: averages over
-- its results, so that the price is that of the machines whose speed is told. Where some of them had the model wholly in GPU memory, the
-- others do not count; where some have a price, those without one do not. By average tokens/s, or tokens per dollar ($by: dollars).
-- min_vram_gib is the least that the model needed of any of its results, whole GiB.
WITH ranked AS (
  SELECT * REPLACE (coalesce(gpu_count, 1) AS gpu_count), coalesce(market = 'interruptible', false) AS interruptible
  FROM rankable_for($model, $concurrency::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
),
needed AS (
  SELECT ceil(min(memory_needed_gib))::INTEGER AS min_vram_gib FROM ranked
),
held AS (
  SELECT * FROM ranked
  QUALIFY coalesce(fits, true) OR NOT bool_or(coalesce(fits, true)) OVER (PARTITION BY gpu, gpu_count, provider, interruptible)
),
counted AS (
  SELECT * FROM held
  QUALIFY price_per_hour IS NOT NULL OR NOT bool_or(price_per_hour IS NOT NULL) OVER (PARTITION BY gpu, gpu_count, provider, interruptible)
),
machines AS (
  SELECT
    gpu, gpu_count, provider, interruptible, min_vram_gib,
    avg(rate_tokens_per_second) AS expected_tps,
    avg(price_per_hour) AS estimated_cost_per_hour,
    min(price_per_hour) AS min_price_per_hour,
    max(price_per_hour) AS max_price_per_hour,
    sum(rate_tokens_per_second) * 3600 / sum(price_per_hour) AS tokens_per_dollar,
    count(*)::INTEGER AS benchmarks,
    bool_or(weights = 'random') AS random_weights,
    bool_and(fits IS NOT DISTINCT FROM false) AS too_large,
    max(memory_needed_gib) AS memory_needed_gib,
    min(memory_available_gib) AS memory_available_gib
  FROM counted, needed
  GROUP BY ALL
)
FROM machines
ORDER BY if($by = 'dollars', tokens_per_dollar, expected_tps) DESC NULLS LAST, expected_tps DESC, gpu, gpu_count, provider, interruptible;
