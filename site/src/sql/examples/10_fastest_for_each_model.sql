-- The fastest result of each model (almanac.duckdb)
SELECT model_name, gpu_name, provider, rate_tokens_per_second, price_per_hour
FROM rankable
WHERE level = 1
QUALIFY row_number() OVER (PARTITION BY model_name ORDER BY rate_tokens_per_second DESC, id) = 1
ORDER BY model_name;
