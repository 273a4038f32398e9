-- GPU figures over the window of each benchmark: power is summed over GPUs, everything else averaged. A gap is time without
-- a sample, at the window's ends too.

CREATE OR REPLACE TEMP TABLE telemetry AS
WITH inside AS (
  SELECT benchmark_id, first_sent_at, last_ended_at, gpu.*, row_number() OVER (PARTITION BY benchmark_id, gpu_index ORDER BY sampled_at) AS tick
  FROM load JOIN gpu_lines AS gpu USING (directory)
  WHERE sampled_at BETWEEN first_sent_at AND last_ended_at
),
ticks AS (
  SELECT benchmark_id, tick, sum(power_w) AS power_w FROM inside GROUP BY ALL
),
per_gpu AS (
  SELECT benchmark_id, gpu_index, avg(power_w) AS power_w FROM inside GROUP BY ALL
),
power AS (
  SELECT benchmark_id, avg_power_draw_w, max_power_draw_w
  FROM (SELECT benchmark_id, sum(power_w) AS avg_power_draw_w FROM per_gpu GROUP BY ALL)
  JOIN (SELECT benchmark_id, max(power_w) AS max_power_draw_w FROM ticks GROUP BY ALL) USING (benchmark_id)
),
gaps AS (
  SELECT
    benchmark_id,
    epoch(sampled_at - coalesce(lag(sampled_at) OVER own, first_sent_at)) AS before_seconds,
    epoch(last_ended_at - sampled_at) AS until_end_seconds,
    lead(sampled_at) OVER own IS NULL AS is_last
  FROM inside
  WINDOW own AS (PARTITION BY benchmark_id, gpu_index ORDER BY sampled_at)
),
longest AS (
  SELECT
    benchmark_id,
    greatest(max(before_seconds), max(until_end_seconds) FILTER (is_last)) AS longest_gap_seconds
  FROM gaps GROUP BY ALL
)
SELECT
  benchmark_id,
  avg(utilization_pct) AS avg_utilization_pct, max(utilization_pct) AS max_utilization_pct,
  avg(memory_used_mib) AS avg_memory_used_mib, max(memory_used_mib) AS max_memory_used_mib,
  avg(temperature_c) AS avg_temperature_c, max(temperature_c) AS max_temperature_c,
  any_value(avg_power_draw_w) AS avg_power_draw_w, any_value(max_power_draw_w) AS max_power_draw_w,
  100 * avg((try_cast(throttle_reasons AS BIGINT) & 104 > 0)::INTEGER) AS throttled_pct,
  any_value(longest_gap_seconds) AS longest_gap_seconds
FROM inside
JOIN power USING (benchmark_id)
JOIN longest USING (benchmark_id)
GROUP BY ALL;
