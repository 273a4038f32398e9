-- The spreads of all setups as the benchmarks are now. An interval is kept as long as its benchmarks are the same.

CREATE OR REPLACE TEMP TABLE old_spreads AS FROM spreads;
DELETE FROM spreads;

INSERT INTO spreads BY NAME
WITH measured AS (
  SELECT
    setup, level, host, id, total_requests - total_errors AS requests,
    unnest(['avg_tokens_per_second', 'throughput_tokens_per_second']) AS metric,
    unnest([avg_tokens_per_second, throughput_tokens_per_second]) AS tokens_per_second
  FROM setups WHERE origin = 'measured'
),
hosts AS (
  SELECT
    setup, level, metric, host, median(tokens_per_second) AS tokens_per_second,
    count(*) AS blocks, sum(requests) AS requests, list(id) AS ids
  FROM measured WHERE tokens_per_second IS NOT NULL
  GROUP BY ALL
),
now AS (
  SELECT
    setup, level, metric, count(*) AS hosts, sum(blocks) AS blocks, sum(requests)::BIGINT AS requests,
    median(tokens_per_second) AS median_tokens_per_second, min(tokens_per_second) AS min_tokens_per_second,
    max(tokens_per_second) AS max_tokens_per_second, list_sort(flatten(list(ids))) AS ids
  FROM hosts GROUP BY ALL
)
SELECT
  setup.*, now.* EXCLUDE (setup), old_spreads.low_tokens_per_second, old_spreads.high_tokens_per_second,
  old_spreads.draws, old_spreads.seed
FROM now LEFT JOIN old_spreads ON old_spreads.ids = now.ids AND old_spreads.metric = now.metric
ORDER BY setup, level, metric;

DROP TABLE old_spreads;
