-- Tokens per dollar of each GPU by provider (almanac.duckdb)
SELECT gpu_name, provider, model_name, max(tokens_per_dollar) AS tokens_per_dollar, count(*) AS benchmarks
FROM rankable
WHERE level = 1 AND tokens_per_dollar IS NOT NULL
GROUP BY ALL
ORDER BY model_name, tokens_per_dollar DESC;
