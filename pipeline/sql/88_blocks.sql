-- The benchmarks of the spreads that have three hosts and no interval yet, each with its requests in at most 16 stretches of
-- equal time: neighbouring requests resemble each other, so a stretch is drawn as a whole. A figure is a ratio of two sums over
-- requests. Throughput: tokens over the time that requests took, since in a closed loop every place carries one request at a time
-- and these times add up to places x window. Tokens/s of a user: the sum over requests over their number.
-- Variable: request_parts (list of Parquet files that hold them).
WITH due AS (
  SELECT metric, unnest(ids) AS id, ids[1] AS spread FROM spreads WHERE hosts >= 3 AND low_tokens_per_second IS NULL
),
stretches AS (
  SELECT
    benchmark_id AS id, least(15, floor(16 * epoch(sent_at - started_at) / nullif(duration_seconds, 0))) AS stretch,
    sum(tok) FILTER (latency_ms IS NOT NULL) AS tokens, sum(latency_ms) AS busy_ms,
    sum(tokens_per_second) AS speeds, count(tokens_per_second) AS users
  FROM read_parquet(getvariable('request_parts'))
  JOIN (SELECT id, started_at, duration_seconds FROM benchmarks SEMI JOIN due USING (id)) ON id = benchmark_id
  WHERE phase = 'measure' AND NOT failed
  GROUP BY ALL
),
sums AS (
  SELECT
    id,
    list(coalesce(tokens, 0)::DOUBLE ORDER BY stretch) AS tokens, list(coalesce(busy_ms, 0)::DOUBLE ORDER BY stretch) AS busy_ms,
    list(coalesce(speeds, 0)::DOUBLE ORDER BY stretch) AS speeds, list(users::DOUBLE ORDER BY stretch) AS users
  FROM stretches GROUP BY id
)
SELECT
  spread, metric, host, id,
  if(metric = 'avg_tokens_per_second', avg_tokens_per_second, throughput_tokens_per_second) AS tokens_per_second,
  if(metric = 'avg_tokens_per_second', speeds, tokens) AS numerators,
  if(metric = 'avg_tokens_per_second', users, busy_ms) AS denominators
FROM due JOIN setups USING (id) LEFT JOIN sums USING (id)
ORDER BY spread, metric, host, id;
