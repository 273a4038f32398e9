-- Each provider: what was measured there, how its prices and speeds lie beside the best of the same GPU, as many of it, and model, and how many
-- entries of our own runs succeeded.
WITH offers AS (
  SELECT gpu, gpu_count, model_name, provider, min(price_per_hour) AS price, max(rate_tokens_per_second) AS rate
  FROM comparable GROUP BY ALL
),
beside AS (
  SELECT
    provider, price / min(price) OVER same AS price_ratio, rate / max(rate) OVER same AS speed_ratio,
    count(*) OVER same > 1 AS shared
  FROM offers WINDOW same AS (PARTITION BY gpu, gpu_count, model_name)
),
ratios AS (
  SELECT
    provider, count(*) AS shared, median(price_ratio) AS price_beside_cheapest, median(speed_ratio) AS speed_beside_fastest,
    count(*) FILTER (price_ratio = 1) AS cheapest_in, count(*) FILTER (speed_ratio = 1) AS fastest_in
  FROM beside WHERE shared GROUP BY ALL
),
seen AS (
  SELECT
    provider, count(*) AS benchmarks, list_sort(list(DISTINCT gpu)) AS gpus,
    median(100 * (max_tokens_per_second - min_tokens_per_second) / avg_tokens_per_second) AS spread_pct
  FROM comparable GROUP BY ALL
),
runs AS (
  SELECT provider, count(*) AS entries, count(*) FILTER (status = 'success') AS succeeded
  FROM benchmark_manifest
  WHERE status NOT IN ('pending', 'skipped', 'running') AND (NOT simulated OR (SELECT bool_and(is_rehearsal) FROM benchmarks))
  GROUP BY ALL
)
SELECT
  seen.*, coalesce(shared, 0) AS shared, price_beside_cheapest, speed_beside_fastest, coalesce(cheapest_in, 0) AS cheapest_in,
  coalesce(fastest_in, 0) AS fastest_in, coalesce(entries, 0) AS entries, coalesce(succeeded, 0) AS succeeded
FROM seen LEFT JOIN ratios USING (provider) LEFT JOIN runs USING (provider)
ORDER BY benchmarks DESC, provider;
