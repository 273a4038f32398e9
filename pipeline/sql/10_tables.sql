-- The tables of almanac.duckdb. Created once; a build replaces the rows of the runs that changed.

CREATE TABLE sources (
  run_id VARCHAR, entry_id VARCHAR, evidence_id VARCHAR, seal VARCHAR, part VARCHAR, left_out VARCHAR
);
COMMENT ON TABLE sources IS 'Raw directories that the tables were built from, and those that were left out.';
COMMENT ON COLUMN sources.seal IS 'SHA-256 of its provenance.json; of one that was left out, of its files'' names, sizes and times too.';
COMMENT ON COLUMN sources.left_out IS 'Why nothing of it is in the tables; null when it is.';
COMMENT ON COLUMN sources.part IS 'Parquet file of requests.parquet, chunks.parquet and gpu_samples.parquet that holds its rows.';

CREATE TABLE benchmarks (
  id VARCHAR, run_id VARCHAR, entry_id VARCHAR, evidence_id VARCHAR, started_at TIMESTAMP,
  host VARCHAR,
  gpu_name VARCHAR, gpu VARCHAR, gpu_memory_mib DOUBLE, gpu_count INTEGER, driver_version VARCHAR, cuda_version VARCHAR,
  cpu_model VARCHAR, cpu_cores INTEGER, ram_gib DOUBLE,
  model_name VARCHAR, family VARCHAR, parameter_count DOUBLE, quantization VARCHAR, size_gb DOUBLE,
  runtime VARCHAR, runtime_version VARCHAR, digest VARCHAR, weights VARCHAR,
  runtime_asked VARCHAR, runtime_source VARCHAR, runtime_sha256 VARCHAR,
  engine_flags VARCHAR[], tp INTEGER, pp INTEGER, dp INTEGER, dtype VARCHAR, kv_dtype VARCHAR, max_model_len BIGINT, speculative VARCHAR,
  arrival VARCHAR, level DOUBLE, duration_minutes DOUBLE, max_tokens INTEGER, warmup_requests INTEGER, workload VARCHAR, prompt_types VARCHAR[],
  total_requests BIGINT, total_tokens BIGINT, total_prompt_tokens BIGINT, cached_pct DOUBLE, total_errors BIGINT, duration_seconds DOUBLE,
  avg_tokens_per_second DOUBLE, min_tokens_per_second DOUBLE, max_tokens_per_second DOUBLE,
  p50_tokens_per_second DOUBLE, p95_tokens_per_second DOUBLE, p99_tokens_per_second DOUBLE,
  avg_latency_ms DOUBLE, min_latency_ms DOUBLE, max_latency_ms DOUBLE,
  p50_latency_ms DOUBLE, p95_latency_ms DOUBLE, p99_latency_ms DOUBLE,
  requests_per_minute DOUBLE, avg_tokens_per_request DOUBLE, error_rate DOUBLE,
  avg_ttft_ms DOUBLE, p50_ttft_ms DOUBLE, p95_ttft_ms DOUBLE, p99_ttft_ms DOUBLE,
  p50_ttfa_ms DOUBLE, p95_ttfa_ms DOUBLE, p99_ttfa_ms DOUBLE,
  avg_tpot_ms DOUBLE, p50_tpot_ms DOUBLE, p95_tpot_ms DOUBLE, p99_tpot_ms DOUBLE,
  avg_itl_ms DOUBLE, p50_itl_ms DOUBLE, p95_itl_ms DOUBLE, p99_itl_ms DOUBLE, max_itl_ms DOUBLE,
  avg_utilization_pct DOUBLE, max_utilization_pct DOUBLE, avg_memory_used_mib DOUBLE, max_memory_used_mib DOUBLE,
  avg_temperature_c DOUBLE, max_temperature_c DOUBLE, avg_power_draw_w DOUBLE, max_power_draw_w DOUBLE,
  idle_power_draw_w DOUBLE, enforced_power_limit_w DOUBLE, default_power_limit_w DOUBLE, power_cap_pct DOUBLE,
  thermal_throttle_pct DOUBLE, avg_sm_clock_mhz DOUBLE, max_sm_clock_mhz DOUBLE, avg_memory_clock_mhz DOUBLE,
  pcie_generation_under_load INTEGER, pcie_width_under_load INTEGER,
  provider VARCHAR, location VARCHAR, price_per_hour DOUBLE, market VARCHAR, origin VARCHAR, is_rehearsal BOOLEAN DEFAULT false, fatal BOOLEAN,
  throughput_tokens_per_second DOUBLE, steady_throughput_tokens_per_second DOUBLE, achieved_request_rate DOUBLE, joules_per_output_token DOUBLE,
  goodput STRUCT(tier VARCHAR, requests_per_second DOUBLE)[],
  client STRUCT(
    calibrated_at VARCHAR, ceiling_chunks_per_second DOUBLE, chunks_per_second DOUBLE, p99_ttft_error_ms DOUBLE,
    p99_itl_error_ms DOUBLE, p99_schedule_lag_ms DOUBLE, p99_loop_lag_ms DOUBLE, cpu_pct DOUBLE, shards INTEGER, in_flight DOUBLE,
    server_in_flight DOUBLE, tokens DOUBLE, server_tokens DOUBLE
  ),
  rate_tokens_per_second DOUBLE AS (if(level = 1 AND arrival = 'closed', avg_tokens_per_second, throughput_tokens_per_second)),
  rate_tokens_per_second_per_gpu DOUBLE AS (rate_tokens_per_second / nullif(gpu_count, 0)),
  throughput_tokens_per_second_per_gpu DOUBLE AS (throughput_tokens_per_second / nullif(gpu_count, 0)),
  tokens_per_dollar DOUBLE AS (rate_tokens_per_second * 3600 / price_per_hour),
  cost_per_million_tokens DOUBLE AS (1e6 * price_per_hour / nullif(rate_tokens_per_second * 3600, 0)),
  estimated_monthly_24x7 DOUBLE AS (price_per_hour * 24 * 30),
  delivered_tokens_per_dollar DOUBLE AS (throughput_tokens_per_second * 3600 / price_per_hour),
  may_be_ranked BOOLEAN AS (
    arrival = 'closed' AND NOT fatal AND coalesce(error_rate, 0) < 0.1 AND gpu_name <> 'unknown' AND origin <> 'imported'
    AND (origin <> 'simulated' OR is_rehearsal) AND rate_tokens_per_second IS NOT NULL
  ),
  context_tokens DOUBLE, memory_needed_gib DOUBLE, memory_available_gib DOUBLE, fits BOOLEAN,
  verdicts STRUCT(code VARCHAR, severity VARCHAR, value DOUBLE, "limit" DOUBLE, unit VARCHAR)[],
  checked VARCHAR[],
  files VARCHAR[], rejected_lines BIGINT, source VARCHAR, note VARCHAR
);
COMMENT ON TABLE benchmarks IS 'One measured result a row: one entry at one load level. Column names carry their units.';
COMMENT ON COLUMN benchmarks.id IS 'Evidence id and load level: the same raw evidence gives the same id on every machine.';
COMMENT ON COLUMN benchmarks.evidence_id IS 'Digest of the raw evidence it was computed from.';
COMMENT ON COLUMN benchmarks.host IS 'Hashed id of the machine, the same in every run on it; of host name and GPUs where the agent told none; null when not known.';
COMMENT ON COLUMN benchmarks.gpu IS 'The GPU by its name in the catalogue; gpu_name where that lacks it.';
COMMENT ON COLUMN benchmarks.model_name IS 'Model name as the engine knows it.';
COMMENT ON COLUMN benchmarks.runtime_version IS 'Version of the engine, as it tells it.';
COMMENT ON COLUMN benchmarks.runtime_asked IS 'Version that the matrix asked for, or latest; null: none.';
COMMENT ON COLUMN benchmarks.runtime_source IS 'Where the engine came from: the address of a file, PyPI, image (the machine had it) or running (it ran already); null when not told.';
COMMENT ON COLUMN benchmarks.runtime_sha256 IS 'SHA-256 of what was fetched for the engine, compared with what its publisher tells; of Python packages that of the list of all with their hashes.';
COMMENT ON COLUMN benchmarks.engine_flags IS 'Flags that its server was started with; null when it ran already or takes none.';
COMMENT ON COLUMN benchmarks.tp IS 'Tensor parallelism by these flags: over how many GPUs each layer is split.';
COMMENT ON COLUMN benchmarks.pp IS 'Pipeline parallelism by these flags.';
COMMENT ON COLUMN benchmarks.dp IS 'Data parallelism by these flags.';
COMMENT ON COLUMN benchmarks.dtype IS 'Number format of the computation by these flags; null: the choice of the engine, or not known.';
COMMENT ON COLUMN benchmarks.kv_dtype IS 'Number format of keys and values by these flags; null: the choice of the engine, or not known.';
COMMENT ON COLUMN benchmarks.max_model_len IS 'Longest context by these flags, tokens.';
COMMENT ON COLUMN benchmarks.speculative IS 'Method by which tokens are guessed ahead, by these flags.';
COMMENT ON COLUMN benchmarks.arrival IS 'When requests are sent: closed (one when one ends), or in an open loop constant, poisson, gamma, ramp.';
COMMENT ON COLUMN benchmarks.level IS 'Load level: requests in flight at once (closed loop), or requests/s (open loop; of a ramp at its end).';
COMMENT ON COLUMN benchmarks.workload IS 'What requests asked for: standard, fixed <tokens in>/<out>, chat, rag, code, shared_prefix <groups>x<prefix>+<in>/<out>; null counts as standard.';
COMMENT ON COLUMN benchmarks.cached_pct IS 'Share of prompt tokens that the engine took from a cache, %; null where it does not tell.';
COMMENT ON COLUMN benchmarks.avg_tokens_per_second IS 'Mean over requests of decode_tok / (last token - first token), tokens/s; of the recorded tps where those times are not known.';
COMMENT ON COLUMN benchmarks.throughput_tokens_per_second IS 'All output tokens of the level divided by its wall window, tokens/s; with those that earlier requests brought inside it.';
COMMENT ON COLUMN benchmarks.steady_throughput_tokens_per_second IS 'Output tokens that came while the load was on divided by that time, tokens/s; null when it is not known.';
COMMENT ON COLUMN benchmarks.achieved_request_rate IS 'Requests begun while the load was on divided by that time, 1/s; of an open loop to be held against its level, of a ramp against the middle of its rates.';
COMMENT ON COLUMN benchmarks.rate_tokens_per_second IS 'What ranks and prices it: avg_tokens_per_second at concurrency 1, throughput above and in open loops.';
COMMENT ON COLUMN benchmarks.rate_tokens_per_second_per_gpu IS 'rate_tokens_per_second / gpu_count; null without a GPU.';
COMMENT ON COLUMN benchmarks.throughput_tokens_per_second_per_gpu IS 'throughput_tokens_per_second / gpu_count; null without a GPU.';
COMMENT ON COLUMN benchmarks.avg_ttft_ms IS 'Mean time to first token from the scheduled time, ms.';
COMMENT ON COLUMN benchmarks.p50_ttfa_ms IS 'Median time to first answer, the first text that is no reasoning, from the scheduled time, ms.';
COMMENT ON COLUMN benchmarks.avg_tpot_ms IS 'Mean over requests of (last token - first token) / decode_tok, ms; from the recorded tps where those times are not known.';
COMMENT ON COLUMN benchmarks.avg_itl_ms IS 'Mean gap between two frames with text, over all gaps of all requests, ms; null without chunk times.';
COMMENT ON COLUMN benchmarks.goodput IS 'Requests a second within the limits of each tier of slo_tiers; null where no time to first token is known.';
COMMENT ON COLUMN benchmarks.client IS 'The load generator itself: what calibration found, how busy and how late it was, and what the engine counted of the same requests.';
COMMENT ON COLUMN benchmarks.is_rehearsal IS 'True of simulated results where there are no others: they are ranked, to show what a real run gives.';
COMMENT ON COLUMN benchmarks.market IS 'How its machine was rented: on_demand, or interruptible, which is cheaper and may be taken away; null where none was rented, or not known.';
COMMENT ON COLUMN benchmarks.fatal IS 'True when a fatal verdict keeps it out of rankings.';
COMMENT ON COLUMN benchmarks.may_be_ranked IS 'Closed loop, measured by us, published or submitted (or in a rehearsal), on known hardware, free of fatal verdicts, with fewer than 10 % errors.';
COMMENT ON COLUMN benchmarks.tokens_per_dollar IS 'rate_tokens_per_second x 3600 / price_per_hour.';
COMMENT ON COLUMN benchmarks.delivered_tokens_per_dollar IS 'throughput_tokens_per_second x 3600 / price_per_hour.';
COMMENT ON COLUMN benchmarks.estimated_monthly_24x7 IS 'price_per_hour x 24 x 30, US dollars.';
COMMENT ON COLUMN benchmarks.joules_per_output_token IS 'Mean power of all GPUs x window / output tokens, J; null when the power of any GPU has a gap of more than 3 s.';
COMMENT ON COLUMN benchmarks.context_tokens IS 'Context length that memory is kept for: as the engine said, else its default, tokens.';
COMMENT ON COLUMN benchmarks.memory_needed_gib IS 'Weights, keys and values of the context, and 1 GiB for driver and engine, GiB.';
COMMENT ON COLUMN benchmarks.memory_available_gib IS 'Memory of all GPUs, GiB.';
COMMENT ON COLUMN benchmarks.fits IS 'Whether the model lies wholly in GPU memory: as the engine said, else memory_needed_gib <= memory_available_gib.';
COMMENT ON COLUMN benchmarks.checked IS 'Verdicts for which there was data to check it; null without raw evidence.';
COMMENT ON COLUMN benchmarks.source IS 'Who published the figures, of results without raw evidence.';
COMMENT ON COLUMN benchmarks.note IS 'A remark of the source.';
COMMENT ON COLUMN benchmarks.files IS 'Raw files in its folder, data/raw/<run_id>/<entry_id>.';
COMMENT ON COLUMN benchmarks.rejected_lines IS 'Malformed lines left out.';

CREATE TABLE benchmark_manifest (
  id VARCHAR, run_id VARCHAR, entry_id VARCHAR, gpu_type VARCHAR, provider VARCHAR, model VARCHAR, engine VARCHAR,
  status VARCHAR, stage VARCHAR, worker_id VARCHAR, machine_id VARCHAR, session_id VARCHAR, offer_id VARCHAR,
  price_per_hour DOUBLE, total_cost DOUBLE, attempts INTEGER, tokens_per_second DOUBLE, failure_code VARCHAR,
  failure_reason VARCHAR, failure_stage VARCHAR, raw_dir VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP, simulated BOOLEAN
);
COMMENT ON TABLE benchmark_manifest IS 'Every entry of every run and what became of it.';
COMMENT ON COLUMN benchmark_manifest.stage IS 'Stage that it is at, or came to.';
COMMENT ON COLUMN benchmark_manifest.failure_stage IS 'Stage at which it failed: provision, setup, load, benchmark, collect.';
COMMENT ON COLUMN benchmark_manifest.worker_id IS 'Lease that worked on it.';
COMMENT ON COLUMN benchmark_manifest.session_id IS 'The provider''s id of the machine.';
COMMENT ON COLUMN benchmark_manifest.price_per_hour IS 'Price of that machine, US dollars per hour.';
COMMENT ON COLUMN benchmark_manifest.total_cost IS 'What all work on it cost, failed tries included, US dollars.';
COMMENT ON COLUMN benchmark_manifest.attempts IS 'Machines that were tried for it.';
COMMENT ON COLUMN benchmark_manifest.simulated IS 'True when its machines were those of a simulated cloud.';
COMMENT ON COLUMN benchmark_manifest.tokens_per_second IS 'Mean of the recorded tokens/s at its lowest level.';
COMMENT ON COLUMN benchmark_manifest.raw_dir IS 'Folder of its raw evidence below data/raw.';

CREATE TABLE published_picks (run_id VARCHAR, want VARCHAR, aim VARCHAR, gpu VARCHAR, provider VARCHAR, price_per_hour DOUBLE);
COMMENT ON TABLE published_picks IS 'What the sources of published results recommend, to be held against the data.';
