-- What a GPU's memory buys
-- dot: memory_gib, best_tokens_per_second
SELECT
  round(gpu_memory_mib * greatest(gpu_count, 1) / 1024) AS memory_gib,
  count(DISTINCT model_name) AS models, max(size_gb) AS largest_model_gb,
  min(price_per_hour) AS from_price_per_hour, max(rate_tokens_per_second) AS best_tokens_per_second
FROM rankable
WHERE gpu_memory_mib IS NOT NULL
GROUP BY memory_gib
ORDER BY memory_gib;
