-- What each setup gives for a model within limits on time to first token and time per output token. Each host counts with the level
-- of its highest throughput among those that keep the limits; a setup with its median host by tokens per dollar (by throughput
-- where no price is known), of an even number the lower of the middle two. Setups of which no host keeps them: the nearest level.
WITH candidates AS (
  SELECT * FROM slo_candidates(
    $model, $ttft_ms::DOUBLE, $tpot_ms::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR, $concurrency::DOUBLE
  )
  WHERE judged
),
-- Of several benchmarks of one host and level the median one by throughput, of an even number the slower of the middle two.
steps AS (
  SELECT *, excess <= 1 AS met FROM candidates
  WINDOW same AS (PARTITION BY setup, host, level)
  QUALIFY row_number() OVER (same ORDER BY throughput_tokens_per_second, id) = (count(*) OVER same + 1) // 2
),
hosts AS (
  SELECT *, list(level) OVER own AS levels FROM steps
  WINDOW own AS (PARTITION BY setup, host ORDER BY level ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
  QUALIFY row_number() OVER (
    PARTITION BY setup, host ORDER BY met DESC, if(met, throughput_tokens_per_second, -excess) DESC, level
  ) = 1
),
ordered AS (
  SELECT *, row_number() OVER (
    PARTITION BY setup, met
    ORDER BY if(met, NULL, excess), delivered_tokens_per_dollar NULLS LAST, throughput_tokens_per_second, id
  ) AS place
  FROM hosts
),
groups AS (
  SELECT
    setup, count(*) AS hosts, count(*) FILTER (met) AS hosts_met,
    coalesce(nullif(count(delivered_tokens_per_dollar) FILTER (met), 0), hosts_met) AS counted,
    min(level) FILTER (met) AS min_level, max(level) FILTER (met) AS max_level,
    min(throughput_tokens_per_second) FILTER (met) AS min_throughput_tokens_per_second,
    max(throughput_tokens_per_second) FILTER (met) AS max_throughput_tokens_per_second,
    min(delivered_tokens_per_dollar) FILTER (met) AS min_tokens_per_dollar,
    max(delivered_tokens_per_dollar) FILTER (met) AS max_tokens_per_dollar
  FROM hosts GROUP BY ALL
),
chosen AS (
  SELECT ordered.*, groups.* EXCLUDE (setup)
  FROM ordered JOIN groups ON groups.setup = ordered.setup
  WHERE met = (hosts_met > 0) AND place = if(met, (counted + 1) // 2, 1)
    AND (NOT met OR throughput_tokens_per_second >= coalesce($min_tps::DOUBLE, 0))
),
-- The interval over hosts is that of one level: it stands for the setup only where all hosts that it was drawn from chose that level.
answered AS (
  SELECT
    chosen.* RENAME (delivered_tokens_per_dollar AS per_dollar),
    low_tokens_per_second * 3600 / price_per_hour AS low_tokens_per_dollar,
    high_tokens_per_second * 3600 / price_per_hour AS high_tokens_per_dollar,
    coalesce(low_tokens_per_dollar, if(hosts_met > 1, min_tokens_per_dollar, NULL)) AS lower_end,
    coalesce(high_tokens_per_dollar, if(hosts_met > 1, max_tokens_per_dollar, NULL)) AS upper_end
  FROM chosen LEFT JOIN (
    SELECT hosts AS spread_hosts, ids, low_tokens_per_second, high_tokens_per_second
    FROM spreads WHERE metric = 'throughput_tokens_per_second'
  ) ON list_contains(ids, id) AND spread_hosts = hosts_met AND min_level = max_level
)
SELECT
  met, gpu, gpu_count, provider, runtime, quantization, weights, max_tokens, hosts, hosts_met,
  id, host, location, level, levels, total_requests, p99_ttft_ms, p99_tpot_ms,
  throughput_tokens_per_second, avg_tokens_per_second, price_per_hour, per_dollar AS tokens_per_dollar,
  1e6 / per_dollar AS cost_per_million_tokens,
  min_level, max_level, min_throughput_tokens_per_second, max_throughput_tokens_per_second,
  min_tokens_per_dollar, max_tokens_per_dollar, low_tokens_per_dollar, high_tokens_per_dollar,
  -- Whether its interval, or its hosts below three of them, and those of the first overlap; null where either has one host alone.
  row_number() OVER cheapest_first = 1 OR (lower_end <= first(upper_end) OVER cheapest_first
    AND upper_end >= first(lower_end) OVER cheapest_first) AS ties_cheapest
FROM answered
WINDOW cheapest_first AS (
  PARTITION BY met ORDER BY per_dollar DESC NULLS LAST, throughput_tokens_per_second DESC, id
)
ORDER BY met DESC, if(met, per_dollar, NULL) DESC NULLS LAST, if(met, throughput_tokens_per_second, -excess) DESC, id;
