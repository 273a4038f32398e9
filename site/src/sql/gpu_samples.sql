-- The GPU telemetry of every entry in at most $most steps, averaged over GPUs, power summed.
WITH instants AS (
  SELECT
    evidence_id, epoch(sampled_at) AS seconds_utc,
    utilization_pct, memory_used_mib / 1024 AS memory_used_gib, temperature_c, power_w, gpu_index
  FROM read_parquet($files)
),
spans AS (
  SELECT evidence_id, min(seconds_utc) AS started_at, greatest(max(seconds_utc) - min(seconds_utc), 1) AS span FROM instants GROUP BY ALL
),
per_gpu AS (
  SELECT
    evidence_id, gpu_index, started_at, floor($most * (seconds_utc - started_at) / span)::INTEGER AS step,
    avg(seconds_utc - started_at) AS seconds, avg(utilization_pct) AS utilization_pct,
    avg(memory_used_gib) AS memory_used_gib, avg(temperature_c) AS temperature_c, avg(power_w) AS power_w
  FROM instants JOIN spans USING (evidence_id) GROUP BY ALL
)
SELECT
  evidence_id, started_at, avg(seconds) AS seconds, avg(utilization_pct) AS utilization_pct,
  avg(memory_used_gib) AS memory_used_gib, avg(temperature_c) AS temperature_c, sum(power_w) AS power_w
FROM per_gpu GROUP BY evidence_id, started_at, step
ORDER BY evidence_id, seconds;
