-- One row a benchmark: what was tested, the figures, what it costs, and the API's own object.

INSERT INTO benchmarks BY NAME
WITH facts AS (
  SELECT
    load.benchmark_id AS id, run_id, entry_id, evidence_id, load.first_sent_at AS started_at,
    coalesce(
      metadata ->> '$.hardware.gpu_name',
      if(metadata ->> '$.hardware.gpu_count' = '0', (metadata ->> '$.hardware.cpu_model') || ' (CPU)', NULL),
      'unknown'
    ) AS gpu_name,
    nullif((metadata ->> '$.hardware.gpu_memory_mib')::DOUBLE, 0) AS gpu_memory_mib,
    (metadata ->> '$.hardware.gpu_count')::INTEGER AS gpu_count,
    nullif(metadata ->> '$.hardware.driver_version', 'unknown') AS driver_version,
    nullif(metadata ->> '$.hardware.cuda_version', 'unknown') AS cuda_version,
    nullif(metadata ->> '$.hardware.cpu_model', 'unknown') AS cpu_model,
    nullif((metadata ->> '$.hardware.cpu_cores')::INTEGER, 0) AS cpu_cores,
    nullif((metadata ->> '$.hardware.ram_gib')::DOUBLE, 0) AS ram_gib,
    metadata ->> '$.model.name' AS model_name,
    metadata ->> '$.model.family' AS family,
    (metadata ->> '$.model.parameter_count')::DOUBLE AS parameter_count,
    metadata ->> '$.model.quantization' AS quantization,
    coalesce(
      try_cast(metadata ->> '$.model.size' AS DOUBLE) / 1e9,
      try_cast(regexp_extract(metadata ->> '$.model.size', '^\s*([0-9.]+)\s*([KMGT])i?B?\s*$', 1, 'i') AS DOUBLE)
        * CASE upper(regexp_extract(metadata ->> '$.model.size', '([KMGT])i?B?\s*$', 1, 'i'))
            WHEN 'K' THEN 1e-6 WHEN 'M' THEN 1e-3 WHEN 'G' THEN 1 WHEN 'T' THEN 1e3 END
    ) AS size_gb,
    nullif(metadata ->> '$.model.runtime', 'unknown') AS runtime,
    nullif(metadata ->> '$.model.runtime_version', 'unknown') AS runtime_version,
    metadata ->> '$.model.digest' AS digest,
    coalesce(metadata ->> '$.model.weights', 'real') AS weights,
    load.level,
    (metadata ->> '$.test_config.duration_seconds')::DOUBLE / 60 AS duration_minutes,
    (metadata ->> '$.test_config.max_tokens')::INTEGER AS max_tokens,
    (metadata ->> '$.test_config.warmup_requests')::INTEGER AS warmup_requests,
    load.prompt_types, load.total_requests, load.total_tokens, load.total_prompt_tokens, load.total_errors,
    load.window_seconds AS duration_seconds,
    load.avg_tokens_per_second, load.min_tokens_per_second, load.max_tokens_per_second,
    load.tokens_per_second[1] AS p50_tokens_per_second, load.tokens_per_second[2] AS p95_tokens_per_second,
    load.tokens_per_second[3] AS p99_tokens_per_second,
    load.avg_latency_ms, load.min_latency_ms, load.max_latency_ms,
    load.latency_ms[1] AS p50_latency_ms, load.latency_ms[2] AS p95_latency_ms, load.latency_ms[3] AS p99_latency_ms,
    load.requests_per_minute, load.avg_tokens_per_request, load.error_rate,
    load.avg_ttft_ms, load.ttft_ms[1] AS p50_ttft_ms, load.ttft_ms[2] AS p95_ttft_ms, load.ttft_ms[3] AS p99_ttft_ms,
    telemetry.* EXCLUDE (benchmark_id, throttled_pct, longest_gap_seconds),
    provider, location, price_per_hour, origin, files, rejected_lines,
    coalesce(fatal, false) AS fatal,
    coalesce(verdicts, []) AS verdicts,
    load.throughput_tokens_per_second,
    if(load.level = 1, load.avg_tokens_per_second, load.throughput_tokens_per_second) AS rate_tokens_per_second,
    if(
      longest_gap_seconds <= 3,
      telemetry.avg_power_draw_w * load.window_seconds / nullif(load.total_tokens, 0),
      NULL
    ) AS joules_per_output_token
  FROM load
  JOIN directories USING (directory)
  LEFT JOIN telemetry USING (benchmark_id)
  LEFT JOIN verdicts USING (benchmark_id)
),
priced AS (
  SELECT
    *,
    rate_tokens_per_second * 3600 / price_per_hour AS tokens_per_dollar,
    1e6 * price_per_hour / nullif(rate_tokens_per_second * 3600, 0) AS cost_per_million_tokens,
    price_per_hour * 24 * 30 AS estimated_monthly_24x7,
    throughput_tokens_per_second * 3600 / price_per_hour AS delivered_tokens_per_dollar
  FROM facts
)
SELECT
  * EXCLUDE (verdicts, files, rejected_lines),
  to_json({
    id: id,
    timestamp: strftime(started_at, '%Y-%m-%dT%H:%M:%S.%gZ'),
    hardware: {
      gpu_name: gpu_name, gpu_memory_mib: gpu_memory_mib, gpu_count: gpu_count, driver_version: driver_version,
      cuda_version: cuda_version, cpu_model: cpu_model, cpu_cores: cpu_cores, ram_gib: ram_gib
    },
    model: {
      name: model_name, family: family, parameter_count: parameter_count, quantization: quantization, size_gb: size_gb,
      runtime: runtime, runtime_version: runtime_version, digest: digest, weights: weights
    },
    test_config: {
      duration_minutes: duration_minutes, max_tokens: max_tokens, prompt_types: prompt_types, concurrent_reqs: level,
      warmup_requests: warmup_requests
    },
    results: {
      total_requests: total_requests, total_tokens: total_tokens, total_prompt_tokens: total_prompt_tokens,
      total_errors: total_errors, duration_seconds: duration_seconds,
      avg_tokens_per_second: avg_tokens_per_second, min_tokens_per_second: min_tokens_per_second,
      max_tokens_per_second: max_tokens_per_second, p50_tokens_per_second: p50_tokens_per_second,
      p95_tokens_per_second: p95_tokens_per_second, p99_tokens_per_second: p99_tokens_per_second,
      avg_latency_ms: avg_latency_ms, min_latency_ms: min_latency_ms, max_latency_ms: max_latency_ms,
      p50_latency_ms: p50_latency_ms, p95_latency_ms: p95_latency_ms, p99_latency_ms: p99_latency_ms,
      requests_per_minute: requests_per_minute, avg_tokens_per_request: avg_tokens_per_request, error_rate: error_rate,
      avg_ttft_ms: avg_ttft_ms, p50_ttft_ms: p50_ttft_ms, p95_ttft_ms: p95_ttft_ms, p99_ttft_ms: p99_ttft_ms
    },
    gpu_stats: {
      avg_utilization_pct: avg_utilization_pct, max_utilization_pct: max_utilization_pct,
      avg_memory_used_mib: avg_memory_used_mib, max_memory_used_mib: max_memory_used_mib,
      avg_temperature_c: avg_temperature_c, max_temperature_c: max_temperature_c,
      avg_power_draw_w: avg_power_draw_w, max_power_draw_w: max_power_draw_w
    },
    provider: provider, location: location, price_per_hour: price_per_hour, origin: origin, verdicts: verdicts,
    throughput_tokens_per_second: throughput_tokens_per_second, rate_tokens_per_second: rate_tokens_per_second,
    joules_per_output_token: joules_per_output_token,
    provenance: {
      run_id: run_id, entry_id: entry_id, evidence_id: evidence_id, raw_dir: run_id || '/' || entry_id, files: files,
      rejected_lines: rejected_lines
    }
  }) AS result,
  to_json({
    cost_per_hour: price_per_hour, tokens_per_dollar: tokens_per_dollar,
    cost_per_million_tokens: cost_per_million_tokens, estimated_monthly_24x7: estimated_monthly_24x7,
    delivered_tokens_per_dollar: delivered_tokens_per_dollar
  }) AS cost_analysis
FROM priced
ORDER BY id;
