-- Every benchmark with the API's own objects: its BenchmarkResult and its CostAnalysis. What the specification counts in whole numbers
-- is whole, since typed clients read it as such; the table keeps every digit.

CREATE VIEW answers AS
SELECT
  *,
  to_json({
    id: id,
    timestamp: strftime(started_at, '%Y-%m-%dT%H:%M:%S.%gZ'),
    hardware: {
      gpu_name: gpu_name, gpu: gpu, gpu_memory_mib: round(gpu_memory_mib)::BIGINT, gpu_count: gpu_count, driver_version: driver_version,
      cuda_version: cuda_version, cpu_model: cpu_model, cpu_cores: cpu_cores, ram_gib: round(ram_gib)::BIGINT
    },
    model: {
      name: model_name, family: family, parameter_count: parameter_count, quantization: quantization, size_gb: size_gb,
      runtime: runtime, runtime_version: runtime_version, runtime_asked: runtime_asked, runtime_source: runtime_source,
      runtime_sha256: runtime_sha256, digest: digest, weights: weights
    },
    engine: {
      flags: engine_flags, tp: tp, pp: pp, dp: dp, dtype: dtype, kv_dtype: kv_dtype, max_model_len: max_model_len,
      speculative: speculative
    },
    test_config: {
      duration_minutes: greatest(1, round(duration_minutes))::BIGINT, window_seconds: round(duration_minutes * 60, 3), max_tokens: max_tokens,
      prompt_types: prompt_types, concurrent_reqs: if(arrival = 'closed', round(level)::BIGINT, NULL), warmup_requests: warmup_requests,
      arrival: arrival, request_rate: if(arrival = 'closed', NULL, level), workload: workload
    },
    results: {
      total_requests: total_requests, total_tokens: total_tokens, total_prompt_tokens: total_prompt_tokens, cached_pct: cached_pct,
      total_errors: total_errors, duration_seconds: duration_seconds,
      avg_tokens_per_second: avg_tokens_per_second, min_tokens_per_second: min_tokens_per_second,
      max_tokens_per_second: max_tokens_per_second, p50_tokens_per_second: p50_tokens_per_second,
      p95_tokens_per_second: p95_tokens_per_second, p99_tokens_per_second: p99_tokens_per_second,
      avg_latency_ms: avg_latency_ms, min_latency_ms: min_latency_ms, max_latency_ms: max_latency_ms,
      p50_latency_ms: p50_latency_ms, p95_latency_ms: p95_latency_ms, p99_latency_ms: p99_latency_ms,
      requests_per_minute: requests_per_minute, avg_tokens_per_request: avg_tokens_per_request, error_rate: error_rate,
      avg_ttft_ms: avg_ttft_ms, p50_ttft_ms: p50_ttft_ms, p95_ttft_ms: p95_ttft_ms, p99_ttft_ms: p99_ttft_ms,
      p50_ttfa_ms: p50_ttfa_ms, p95_ttfa_ms: p95_ttfa_ms, p99_ttfa_ms: p99_ttfa_ms,
      avg_tpot_ms: avg_tpot_ms, p50_tpot_ms: p50_tpot_ms, p95_tpot_ms: p95_tpot_ms, p99_tpot_ms: p99_tpot_ms,
      avg_itl_ms: avg_itl_ms, p50_itl_ms: p50_itl_ms, p95_itl_ms: p95_itl_ms, p99_itl_ms: p99_itl_ms, max_itl_ms: max_itl_ms
    },
    gpu_stats: {
      avg_utilization_pct: avg_utilization_pct, max_utilization_pct: max_utilization_pct,
      avg_memory_used_mib: round(avg_memory_used_mib)::BIGINT, max_memory_used_mib: round(max_memory_used_mib)::BIGINT,
      avg_temperature_c: avg_temperature_c, max_temperature_c: max_temperature_c,
      avg_power_draw_w: avg_power_draw_w, max_power_draw_w: max_power_draw_w,
      idle_power_draw_w: idle_power_draw_w, enforced_power_limit_w: enforced_power_limit_w,
      default_power_limit_w: default_power_limit_w, power_cap_pct: power_cap_pct, thermal_throttle_pct: thermal_throttle_pct,
      avg_sm_clock_mhz: avg_sm_clock_mhz, max_sm_clock_mhz: max_sm_clock_mhz, avg_memory_clock_mhz: avg_memory_clock_mhz,
      pcie_generation_under_load: pcie_generation_under_load, pcie_width_under_load: pcie_width_under_load
    },
    provider: provider, location: location, price_per_hour: price_per_hour, market: market, origin: origin, verdicts: verdicts, checked: checked,
    throughput_tokens_per_second: throughput_tokens_per_second,
    steady_throughput_tokens_per_second: steady_throughput_tokens_per_second, achieved_request_rate: achieved_request_rate,
    rate_tokens_per_second_per_gpu: rate_tokens_per_second_per_gpu,
    throughput_tokens_per_second_per_gpu: throughput_tokens_per_second_per_gpu,
    rate_tokens_per_second: rate_tokens_per_second, tokens_per_dollar: tokens_per_dollar,
    joules_per_output_token: joules_per_output_token, goodput: goodput,
    client: client,
    memory: {
      context_tokens: context_tokens, needed_gib: memory_needed_gib, available_gib: memory_available_gib, fits: fits
    },
    provenance: {
      run_id: run_id, entry_id: entry_id, evidence_id: evidence_id, source: source, note: note,
      raw_dir: run_id || '/' || entry_id, files: files, rejected_lines: rejected_lines
    }
  }) AS result,
  to_json({
    cost_per_hour: price_per_hour, tokens_per_dollar: tokens_per_dollar,
    cost_per_million_tokens: cost_per_million_tokens, estimated_monthly_24x7: estimated_monthly_24x7,
    delivered_tokens_per_dollar: delivered_tokens_per_dollar
  }) AS cost_analysis
FROM benchmarks;
