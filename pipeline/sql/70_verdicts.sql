-- Why a benchmark is not fully valid, each reason with the number that was found and the limit it crossed.
-- The limits of what telemetry shows stand in 60_telemetry.sql.

-- Decoding speeds of client and engine, as ratios of sums over a level, lay within 0.5 % of each other with llama.cpp, also beside
-- programs that kept both cores busy.
CREATE OR REPLACE TEMP MACRO decode_limits() AS {off_pct: 5, fatal_pct: 20};

-- An engine that stands still: for a second, for a twentieth of the window (the drift that may be), and for far longer than it takes
-- for a token or for reading a long prompt between two.
CREATE OR REPLACE TEMP MACRO stall_limits() AS {least_seconds: 1, window_share: 0.05, median_itls: 50, median_ttfts: 10, median_endings: 10};
CREATE OR REPLACE TEMP MACRO longest_without_stall(window_seconds, usual_ms) AS
  greatest(stall_limits().least_seconds, stall_limits().window_share * window_seconds, usual_ms / 1e3);

CREATE OR REPLACE TEMP TABLE verdicts AS
WITH found AS (
  SELECT
    benchmark_id, load.*, telemetry.*, memory.*, machine_signs.*, directories.metadata, gpus_to_sample,
    telemetry_limits() AS telemetry_limit,
    arrival, max_itl_ms,
    longest_without_stall(window_seconds, stall_limits().median_itls * itl_ms[1]) AS most_itl_seconds,
    longest_without_stall(window_seconds, stall_limits().median_ttfts * median_ttft_from_sent_ms) AS most_ttft_seconds,
    longest_without_stall(window_seconds, stall_limits().median_endings * median_ending_ms) AS most_ending_seconds,
    (metadata ->> '$.hardware.gpu_count')::INTEGER AS gpu_count,
    (metadata ->> '$.model.size_vram_bytes')::DOUBLE AS vram_bytes,
    (metadata ->> '$.model.size_loaded_bytes')::DOUBLE AS loaded_bytes,
    coalesce(metadata ->> '$.test_config.workload.prompts.kind', 'standard') AS kind,
    -- Answers to mixed prompts may end by themselves; only those cut off before the length that was asked for are too short.
    if(kind = 'mix', avg_cut_tokens, avg_tokens_per_request) AS avg_due_tokens,
    if(kind = 'mix', avg_cut_asked_tokens, coalesce(avg_asked_tokens, (metadata ->> '$.test_config.max_tokens')::DOUBLE)) AS due_tokens,
    (metadata ->> '$.test_config.duration_seconds')::DOUBLE AS planned_seconds,
    -- A level whose agent was ended by force is not told at all; files of other programs tell of no level.
    NOT list_contains(
      from_json(metadata -> '$.summary.levels', '[{"level":"DOUBLE","phase":"VARCHAR","interrupted":"BOOLEAN"}]')
        .list_filter(lambda told: coalesce(told.phase, 'measure') = 'measure' AND NOT told.interrupted).list_transform(lambda told: told.level),
      level
    ) AS interrupted,
    coalesce(
      longest_gap_seconds,
      if(
        directory IN (SELECT directory FROM gpu_lines) OR (directories.metadata ->> '$.telemetry.program') IS NOT NULL, window_seconds, NULL
      )
    ) AS gap_seconds
  FROM load JOIN memory USING (benchmark_id) LEFT JOIN telemetry USING (benchmark_id) JOIN directories USING (directory)
  JOIN machine_signs USING (directory)
  LEFT JOIN (SELECT benchmark_id, itl_ms, max_itl_ms FROM inter_token) USING (benchmark_id)
),
crossed AS (
  SELECT benchmark_id, unnest([
    {code: 'cache_hit', severity: 'fatal', value: cached_beyond_shared_pct, "limit": 1, unit: '% of prompt tokens beyond the shared prefix', crossed: if(kind = 'shared_prefix', NULL, cached_beyond_shared_pct > 1)},
    {code: 'cache_hit', severity: 'fatal', value: cached_pct, "limit": 90, unit: '% of prompt tokens', crossed: if(kind = 'shared_prefix', NULL, cached_pct > 90 AND cached_beyond_shared_pct <= 1)},
    {code: 'decode_mismatch', severity: 'advisory', value: decode_off_pct, "limit": decode_limits().off_pct, unit: '% between the decoding speed and the engine''s own', crossed: decode_off_pct > decode_limits().off_pct AND decode_off_pct <= decode_limits().fatal_pct},
    {code: 'decode_mismatch', severity: 'fatal', value: decode_off_pct, "limit": decode_limits().fatal_pct, unit: '% between the decoding speed and the engine''s own', crossed: decode_off_pct > decode_limits().fatal_pct},
    {code: 'wrong_model', severity: 'fatal', value: other_model_pct, "limit": 1, unit: '% of answers', crossed: other_model_pct > 1},
    {code: 'server_errors', severity: 'fatal', value: 100 * error_rate, "limit": 1, unit: '% of requests', crossed: error_rate > 0.01},
    {code: 'truncated_stream', severity: 'fatal', value: 100 * total_truncated / total_requests, "limit": 1, unit: '% of requests', crossed: total_truncated / total_requests > 0.01},
    {code: 'cpu_spill', severity: 'advisory', value: 100 * vram_bytes / nullif(loaded_bytes, 0), "limit": 100, unit: '% of the model in GPU memory', crossed: if(gpu_count > 0, vram_bytes < loaded_bytes, NULL)},
    {code: 'exceeds_vram', severity: 'advisory', value: memory_needed_gib, "limit": memory_available_gib, unit: 'GiB of GPU memory', crossed: if(fits IS NULL, NULL, exceeds_vram)},
    {code: 'frames_counted', severity: 'advisory', value: 100 * total_frames_counted / total_requests, "limit": 0, unit: '% of requests', crossed: total_frames_counted > 0},
    {code: 'short_output', severity: 'advisory', value: avg_due_tokens, "limit": 0.9 * due_tokens, unit: 'tokens a request', crossed: avg_due_tokens < 0.9 * due_tokens},
    {code: 'driver_error', severity: 'fatal', value: driver_errors, "limit": 0, unit: 'lost samples, failures and changes of the driver', crossed: if(gpu_count = 0, NULL, driver_errors > 0)},
    {code: 'clock_skew', severity: 'fatal', value: clock_skew_seconds, "limit": telemetry_limit.clock_skew_seconds, unit: 's that the clock was set by', crossed: clock_skew_seconds > telemetry_limit.clock_skew_seconds},
    {code: 'throttled_thermal', severity: 'advisory', value: thermal_throttle_pct, "limit": telemetry_limit.throttled_pct, unit: '% of the window', crossed: thermal_throttle_pct > telemetry_limit.throttled_pct},
    {code: 'power_capped', severity: 'advisory', value: enforced_power_limit_w, "limit": default_power_limit_w, unit: 'W enforced, against the default', crossed: enforced_power_limit_w < default_power_limit_w},
    {code: 'telemetry_gap', severity: 'advisory', value: gap_seconds, "limit": coalesce(allowed_gap_seconds, telemetry_limit.gap_seconds), unit: 's', crossed: gap_seconds > coalesce(allowed_gap_seconds, telemetry_limit.gap_seconds)},
    {code: 'telemetry_gap', severity: 'advisory', value: gpus_to_sample - sampled_gpus, "limit": 0, unit: 'GPUs without a sample', crossed: gpus_to_sample > sampled_gpus},
    {code: 'co_tenant', severity: 'advisory', value: processes_on_one_gpu, "limit": 1, unit: 'processes on one GPU', crossed: processes_on_one_gpu > 1},
    {code: 'co_tenant', severity: 'advisory', value: foreign_memory_mib, "limit": telemetry_limit.memory_before_load_mib, unit: 'MiB of a GPU in use before the model was loaded', crossed: foreign_memory_mib > telemetry_limit.memory_before_load_mib},
    {code: 'co_tenant', severity: 'advisory', value: utilization_at_rest_pct, "limit": telemetry_limit.utilization_at_rest_pct, unit: '% utilisation before the first request', crossed: utilization_at_rest_pct > telemetry_limit.utilization_at_rest_pct},
    {code: 'stalled', severity: 'advisory', value: max_itl_ms / 1e3, "limit": most_itl_seconds, unit: 's inside an answer without a piece of it', crossed: max_itl_ms / 1e3 > most_itl_seconds},
    {code: 'stalled', severity: 'advisory', value: max_ttft_from_sent_ms / 1e3, "limit": most_ttft_seconds, unit: 's from a request to its first text', crossed: if(arrival = 'closed', max_ttft_from_sent_ms / 1e3 > most_ttft_seconds, NULL)},
    {code: 'stalled', severity: 'advisory', value: max_ending_ms / 1e3, "limit": most_ending_seconds, unit: 's from the last piece of an answer to its end', crossed: if(arrival = 'closed' OR max_ending_ms / 1e3 > most_ending_seconds, max_ending_ms / 1e3 > most_ending_seconds, NULL)},
    {code: 'non_stationary', severity: 'advisory', value: drift_pct, "limit": 5, unit: '% between halves', crossed: if(total_requests >= 20, drift_pct > 5, NULL)},
    {code: 'non_stationary', severity: 'advisory', value: repeat_drift_pct, "limit": 3, unit: '% between the first and the repeated measurement of the level', crossed: if(least(total_requests - total_errors, repeat_requests) >= 20, repeat_drift_pct > 3, NULL)},
    {code: 'too_few_requests', severity: 'advisory', value: total_requests - total_errors, "limit": 10, unit: 'requests', crossed: total_requests - total_errors < 10},
    {code: 'interrupted', severity: 'advisory', value: window_seconds, "limit": planned_seconds, unit: 's', crossed: interrupted}
  ], recursive := true)
  FROM found
)
SELECT
  benchmark_id,
  list({code: code, severity: severity, value: value, "limit": "limit", unit: unit}) FILTER (crossed) AS verdicts,
  bool_or(severity = 'fatal') FILTER (crossed) AS fatal,
  -- Where the data is missing, crossed is null.
  list(DISTINCT code ORDER BY code) FILTER (crossed IS NOT NULL) AS checked
FROM (FROM crossed UNION ALL BY NAME FROM client_verdicts UNION ALL BY NAME FROM plausible_verdicts) GROUP BY ALL;
