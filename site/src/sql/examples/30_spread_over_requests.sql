-- How even a machine is: percentiles over requests (Parquet)
SELECT
  benchmark_id,
  count(*) AS requests,
  quantile_cont(tokens_per_second, [0.05, 0.5, 0.95]) AS tokens_per_second,
  quantile_cont(ttft_ms, [0.5, 0.99]) AS ttft_ms
FROM 'requests.parquet/*.parquet'
WHERE phase = 'measure' AND NOT failed
GROUP BY ALL
ORDER BY benchmark_id;
