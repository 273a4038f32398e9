-- What a directory tells of its machine beside the load: the GPUs at rest before the first request, who else uses them, whether the
-- driver held. Null where it was not looked at.

CREATE OR REPLACE TEMP TABLE machine_signs AS
WITH at_rest AS (
  SELECT
    directory, gpu_index, count(*) AS ticks, median(power_w) AS power_w,
    min(utilization_pct) AS utilization_pct, min(memory_used_mib) AS memory_used_mib
  FROM gpu_lines JOIN (SELECT directory, min(asked_at) AS asked_at FROM windows JOIN levels USING (benchmark_id) GROUP BY ALL) USING (directory)
  WHERE sampled_at < asked_at
  GROUP BY ALL
),
rest AS (
  SELECT
    directory,
    if(count(power_w) = count(*), sum(power_w), NULL) AS idle_power_draw_w,
    max(utilization_pct) FILTER (ticks >= telemetry_limits().least_ticks_at_rest) AS utilization_at_rest_pct,
    max(memory_used_mib) AS memory_before_load_mib
  FROM at_rest GROUP BY ALL
),
processes AS (
  SELECT directory, 'before' AS moment, metadata -> '$.telemetry.processes_before' AS found FROM directories
  UNION ALL
  SELECT directory, 'after', metadata -> '$.telemetry.processes_after' FROM directories
),
tenants AS (
  SELECT directory, max(processes) AS processes_on_one_gpu
  FROM (
    SELECT directory, moment, gpu_uuid, count(*) AS processes
    FROM (
      SELECT directory, moment, unnest(from_json(found, '[{"gpu_uuid": "VARCHAR", "used_memory_mib": "DOUBLE"}]'), recursive := true)
      FROM processes
    )
    WHERE used_memory_mib >= telemetry_limits().tenant_mib
    GROUP BY ALL
  )
  GROUP BY directory
),
lost AS (
  SELECT directory, count(*) FILTER (is_lost) AS lost_samples FROM gpu_lines GROUP BY ALL
)
SELECT
  directory, idle_power_draw_w, utilization_at_rest_pct, processes_on_one_gpu,
  -- An engine that had loaded its model already explains the memory.
  if((metadata ->> '$.telemetry.model_was_loaded')::BOOLEAN = false, memory_before_load_mib, NULL) AS foreign_memory_mib,
  if(
    lost_samples IS NULL AND (metadata -> '$.telemetry') IS NULL, NULL,
    coalesce(lost_samples, 0) + coalesce(json_array_length(metadata -> '$.telemetry.failures'), 0)
      + coalesce((metadata ->> '$.telemetry.driver_version') <> (metadata ->> '$.telemetry.driver_version_after'), false)::INTEGER
  ) AS driver_errors
FROM directories
LEFT JOIN rest USING (directory)
LEFT JOIN tenants USING (directory)
LEFT JOIN lost USING (directory);
