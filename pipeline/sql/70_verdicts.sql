-- Why a benchmark is not fully valid, each reason with the number that was found and the limit it crossed.
-- Thermal bits of the driver's mask: 8 hardware slowdown, 32 software thermal, 64 hardware thermal (60_telemetry.sql).

CREATE OR REPLACE TEMP TABLE verdicts AS
WITH found AS (
  SELECT
    benchmark_id, load.*, telemetry.*, memory.*, directories.metadata,
    (metadata ->> '$.hardware.gpu_count')::INTEGER AS gpu_count,
    (metadata ->> '$.model.size_vram_bytes')::DOUBLE AS vram_bytes,
    (metadata ->> '$.model.size_loaded_bytes')::DOUBLE AS loaded_bytes,
    (metadata ->> '$.test_config.max_tokens')::DOUBLE AS max_tokens,
    (metadata ->> '$.test_config.duration_seconds')::DOUBLE AS planned_seconds,
    -- A level whose agent was ended by force is not told at all; files of other programs tell of no level.
    NOT list_contains(
      from_json(metadata -> '$.summary.levels', '[{"level":"DOUBLE","interrupted":"BOOLEAN"}]')
        .list_filter(lambda told: NOT told.interrupted).list_transform(lambda told: told.level),
      level
    ) AS interrupted,
    coalesce(
      longest_gap_seconds,
      if(directory IN (SELECT directory FROM gpu_lines), window_seconds, NULL)
    ) AS gap_seconds
  FROM load JOIN memory USING (benchmark_id) LEFT JOIN telemetry USING (benchmark_id) JOIN directories USING (directory)
),
crossed AS (
  SELECT benchmark_id, unnest([
    {code: 'cache_hit', severity: 'fatal', value: cached_beyond_shared_pct, "limit": 1, unit: '% of prompt tokens beyond the shared prefix', crossed: cached_beyond_shared_pct > 1},
    {code: 'cache_hit', severity: 'fatal', value: cached_pct, "limit": 90, unit: '% of prompt tokens', crossed: cached_pct > 90 AND cached_beyond_shared_pct <= 1},
    {code: 'server_errors', severity: 'fatal', value: 100 * error_rate, "limit": 1, unit: '% of requests', crossed: error_rate > 0.01},
    {code: 'truncated_stream', severity: 'fatal', value: 100 * total_truncated / total_requests, "limit": 1, unit: '% of requests', crossed: total_truncated / total_requests > 0.01},
    {code: 'cpu_spill', severity: 'advisory', value: 100 * vram_bytes / nullif(loaded_bytes, 0), "limit": 100, unit: '% of the model in GPU memory', crossed: gpu_count > 0 AND vram_bytes < loaded_bytes},
    {code: 'exceeds_vram', severity: 'advisory', value: memory_needed_gib, "limit": memory_available_gib, unit: 'GiB of GPU memory', crossed: exceeds_vram},
    {code: 'frames_counted', severity: 'advisory', value: 100 * total_frames_counted / total_requests, "limit": 0, unit: '% of requests', crossed: total_frames_counted > 0},
    {code: 'short_output', severity: 'advisory', value: avg_tokens_per_request, "limit": 0.9 * max_tokens, unit: 'tokens a request', crossed: avg_tokens_per_request < 0.9 * max_tokens},
    {code: 'throttled_thermal', severity: 'advisory', value: throttled_pct, "limit": 1, unit: '% of samples', crossed: throttled_pct > 1},
    {code: 'telemetry_gap', severity: 'advisory', value: gap_seconds, "limit": 3, unit: 's', crossed: gap_seconds > 3},
    {code: 'non_stationary', severity: 'advisory', value: drift_pct, "limit": 5, unit: '% between halves', crossed: drift_pct > 5 AND total_requests >= 20},
    {code: 'too_few_requests', severity: 'advisory', value: total_requests - total_errors, "limit": 10, unit: 'requests', crossed: total_requests - total_errors < 10},
    {code: 'interrupted', severity: 'advisory', value: window_seconds, "limit": planned_seconds, unit: 's', crossed: interrupted}
  ], recursive := true)
  FROM found
)
SELECT
  benchmark_id,
  list({code: code, severity: severity, value: value, "limit": "limit", unit: unit}) AS verdicts,
  bool_or(severity = 'fatal') AS fatal
FROM crossed WHERE crossed GROUP BY ALL;
