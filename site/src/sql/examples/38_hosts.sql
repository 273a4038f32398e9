-- Hosts of one GPU beside each other (almanac.duckdb)
SELECT model_name, gpu, provider, level, hosts, median_tokens_per_second, min_tokens_per_second, max_tokens_per_second
FROM spreads
WHERE metric = 'throughput_tokens_per_second'
ORDER BY hosts DESC, model_name, gpu, level;
