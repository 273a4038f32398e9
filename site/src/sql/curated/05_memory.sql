-- What a GPU's memory buys
-- dot: memory_available_gib, best_tokens_per_second
SELECT
  memory_available_gib, count(DISTINCT model_name) AS models, max(memory_needed_gib) AS largest_model_gib,
  min(price_per_hour) AS from_price_per_hour, max(rate_tokens_per_second) AS best_tokens_per_second
FROM rankable
WHERE level = 1 AND memory_available_gib IS NOT NULL AND coalesce(fits, true)
GROUP BY memory_available_gib
ORDER BY memory_available_gib;
