-- The steps that answer "cheapest" for every min_tps: no other benchmark is at least as fast and cheaper. Slowest first.
WITH ranked AS (
  SELECT
    id, rate_tokens_per_second, tokens_per_dollar,
    max(tokens_per_dollar) OVER (
      ORDER BY rate_tokens_per_second DESC, tokens_per_dollar DESC, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS best_of_faster
  FROM rankable_for($model, $concurrency::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR)
  WHERE tokens_per_dollar IS NOT NULL
)
SELECT rate_tokens_per_second AS min_tps, id, tokens_per_dollar
FROM ranked WHERE best_of_faster IS NULL OR tokens_per_dollar > best_of_faster
ORDER BY min_tps;
