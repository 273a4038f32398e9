-- One GPU, several providers: how far prices and speeds spread
SELECT
  gpu, count(DISTINCT provider) AS providers, count(*) AS benchmarks,
  min(price_per_hour) AS lowest_price, max(price_per_hour) AS highest_price,
  arg_min(provider, price_per_hour) AS cheapest_provider,
  max(rate_tokens_per_second) / min(rate_tokens_per_second) AS fastest_over_slowest
FROM rankable
WHERE level = 1
GROUP BY gpu
ORDER BY providers DESC, gpu;
