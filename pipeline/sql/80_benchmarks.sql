-- One row a benchmark: what was tested, the figures, why it may not be fully valid. Variables: catalog_names (JSON, the catalogue's
-- name of each GPU that has one, by told_gpu), public_names (JSON, the name of each model that its agent called by a path).

INSERT INTO benchmarks BY NAME
WITH facts AS (
  SELECT
    load.benchmark_id AS id, run_id, entry_id, evidence_id, load.first_sent_at AS started_at,
    coalesce(
      metadata ->> '$.host_id',
      left(sha256(nullif(concat_ws(' ', metadata ->> '$.hostname', metadata ->> '$.hardware.gpu_uuids'), '')), 16)
    ) AS host,
    coalesce(
      told_name(metadata ->> '$.hardware.gpu_name'),
      -- Where a GPU was sampled, it was there.
      if((metadata ->> '$.hardware.gpu_count')::DOUBLE = 0 AND sampled_gpus IS NULL, (metadata ->> '$.hardware.cpu_model') || ' (CPU)', NULL),
      'unknown'
    ) AS gpu_name,
    nullif((metadata ->> '$.hardware.gpu_memory_mib')::DOUBLE, 0) AS gpu_memory_mib,
    (metadata ->> '$.hardware.gpu_count')::INTEGER AS gpu_count,
    told_name(metadata ->> '$.hardware.driver_version') AS driver_version,
    told_name(metadata ->> '$.hardware.cuda_version') AS cuda_version,
    told_name(metadata ->> '$.hardware.cpu_model') AS cpu_model,
    nullif((metadata ->> '$.hardware.cpu_cores')::INTEGER, 0) AS cpu_cores,
    nullif((metadata ->> '$.hardware.ram_gib')::DOUBLE, 0) AS ram_gib,
    coalesce(
      (getvariable('public_names')::JSON::MAP(VARCHAR, VARCHAR))[metadata ->> '$.model.name'], metadata ->> '$.model.name'
    ) AS model_name,
    metadata ->> '$.model.family' AS family,
    (metadata ->> '$.model.parameter_count')::DOUBLE AS parameter_count,
    metadata ->> '$.model.quantization' AS quantization,
    size_in_gb(metadata ->> '$.model.size') AS size_gb,
    told_name(metadata ->> '$.model.runtime') AS runtime,
    told_name(metadata ->> '$.model.runtime_version') AS runtime_version,
    metadata ->> '$.model.runtime_install.asked' AS runtime_asked,
    metadata ->> '$.model.runtime_install.source' AS runtime_source,
    metadata ->> '$.model.runtime_install.sha256' AS runtime_sha256,
    from_json(metadata -> '$.test_config.engine_flags', '["VARCHAR"]') AS engine_flags,
    (metadata ->> '$.test_config.engine_settings.tp')::INTEGER AS tp,
    (metadata ->> '$.test_config.engine_settings.pp')::INTEGER AS pp,
    (metadata ->> '$.test_config.engine_settings.dp')::INTEGER AS dp,
    metadata ->> '$.test_config.engine_settings.dtype' AS dtype,
    metadata ->> '$.test_config.engine_settings.kv_dtype' AS kv_dtype,
    (metadata ->> '$.test_config.engine_settings.max_model_len')::BIGINT AS max_model_len,
    metadata ->> '$.test_config.engine_settings.speculative' AS speculative,
    metadata ->> '$.model.digest' AS digest,
    if(metadata ->> '$.model.weights' = 'random', 'random', 'real') AS weights,
    arrival, load.level,
    (metadata ->> '$.test_config.duration_seconds')::DOUBLE / 60 AS duration_minutes,
    (metadata ->> '$.test_config.max_tokens')::INTEGER AS max_tokens,
    (metadata ->> '$.test_config.warmup_requests')::INTEGER AS warmup_requests,
    metadata ->> '$.test_config.workload.label' AS workload,
    load.prompt_types, load.total_requests, load.total_tokens, load.total_prompt_tokens, load.cached_pct, load.total_errors,
    load.window_seconds AS duration_seconds,
    load.avg_tokens_per_second, load.min_tokens_per_second, load.max_tokens_per_second,
    load.tokens_per_second[1] AS p50_tokens_per_second, load.tokens_per_second[2] AS p95_tokens_per_second,
    load.tokens_per_second[3] AS p99_tokens_per_second,
    load.avg_latency_ms, load.min_latency_ms, load.max_latency_ms,
    load.latency_ms[1] AS p50_latency_ms, load.latency_ms[2] AS p95_latency_ms, load.latency_ms[3] AS p99_latency_ms,
    load.requests_per_minute, load.avg_tokens_per_request, load.error_rate,
    load.avg_ttft_ms, load.ttft_ms[1] AS p50_ttft_ms, load.ttft_ms[2] AS p95_ttft_ms, load.ttft_ms[3] AS p99_ttft_ms,
    load.ttfa_ms[1] AS p50_ttfa_ms, load.ttfa_ms[2] AS p95_ttfa_ms, load.ttfa_ms[3] AS p99_ttfa_ms,
    load.avg_tpot_ms, load.tpot_ms[1] AS p50_tpot_ms, load.tpot_ms[2] AS p95_tpot_ms, load.tpot_ms[3] AS p99_tpot_ms,
    inter_token.avg_itl_ms, inter_token.itl_ms[1] AS p50_itl_ms, inter_token.itl_ms[2] AS p95_itl_ms,
    inter_token.itl_ms[3] AS p99_itl_ms, inter_token.max_itl_ms, goodput, client_signs.client,
    telemetry.* EXCLUDE (benchmark_id, longest_gap_seconds, allowed_gap_seconds, sampled_gpus, knows_energy), machine_signs.idle_power_draw_w,
    memory.* EXCLUDE (benchmark_id, exceeds_vram),
    provider, location, price_per_hour, market, origin, files, rejected_lines,
    coalesce(fatal, false) AS fatal,
    coalesce(verdicts, []) AS verdicts,
    load.throughput_tokens_per_second, load.steady_throughput_tokens_per_second, load.achieved_request_rate,
    checked,
    if(
      knows_energy,
      telemetry.avg_power_draw_w / nullif(load.throughput_tokens_per_second, 0),
      NULL
    ) AS joules_per_output_token
  FROM load
  JOIN directories USING (directory)
  JOIN memory USING (benchmark_id)
  JOIN machine_signs USING (directory)
  LEFT JOIN inter_token USING (benchmark_id)
  LEFT JOIN goodput USING (benchmark_id)
  LEFT JOIN client_signs USING (benchmark_id)
  LEFT JOIN telemetry USING (benchmark_id)
  LEFT JOIN verdicts USING (benchmark_id)
)
SELECT *, coalesce(catalog_gpu(gpu_name, gpu_memory_mib), gpu_name) AS gpu
FROM facts
ORDER BY id;
