-- Every priced benchmark of a model at one load level under one workload, cheapest first, and whether no other is as cheap and faster, or as fast and cheaper.
WITH ranked AS (
  SELECT
    id, gpu, provider, price_per_hour, rate_tokens_per_second, tokens_per_dollar,
    max(rate_tokens_per_second) OVER (PARTITION BY price_per_hour) AS fastest_at_its_price,
    max(rate_tokens_per_second) OVER (
      ORDER BY price_per_hour RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP
    ) AS fastest_of_cheaper
  FROM rankable_for($model, $concurrency::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
  WHERE price_per_hour IS NOT NULL
)
SELECT
  id, gpu, provider, price_per_hour, rate_tokens_per_second, tokens_per_dollar,
  rate_tokens_per_second = fastest_at_its_price AND rate_tokens_per_second > coalesce(fastest_of_cheaper, 0) AS on_frontier
FROM ranked
ORDER BY price_per_hour, rate_tokens_per_second DESC, id;
