-- At most $most measured requests of every benchmark, evenly spread over its window, with the time since its start.
WITH measured AS (
  SELECT
    benchmark_id, sent_at, tokens_per_second, latency_ms, ttft_ms,
    row_number() OVER own - 1 AS position,
    count(*) OVER (PARTITION BY benchmark_id) AS total,
    min(sent_at) OVER (PARTITION BY benchmark_id) AS started_at
  FROM read_parquet($files)
  WHERE phase = 'measure' AND NOT failed
  WINDOW own AS (PARTITION BY benchmark_id ORDER BY sent_at, n)
)
SELECT
  benchmark_id, total::INTEGER AS total, epoch(sent_at - started_at) AS seconds,
  tokens_per_second, latency_ms, ttft_ms
FROM measured
WHERE position % greatest(1, ceil(total / $most))::BIGINT = 0
ORDER BY benchmark_id, seconds;
