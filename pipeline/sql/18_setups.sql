-- What must be equal before hosts may be compared, and what each host did at every closed-loop level.

-- Ranked benchmarks with their setup. Where no host is told, each evidence stands for a host of its own.
CREATE VIEW setups AS
SELECT
  {
    model_name: model_name, gpu: gpu, gpu_count: gpu_count, provider: provider, runtime: runtime,
    quantization: quantization, weights: weights, workload: coalesce(workload, 'standard'),
    max_tokens: max_tokens
  } AS setup,
  coalesce(host, evidence_id) AS host,
  benchmarks.* EXCLUDE (host)
FROM benchmarks
WHERE may_be_ranked;

-- Every evidence with several closed-loop levels as one row. The knee is the smallest level that gives 95 % of the highest throughput.
CREATE VIEW ladders AS
WITH steps AS (
  SELECT *, max(throughput_tokens_per_second) OVER (PARTITION BY evidence_id) AS highest
  FROM benchmarks
  WHERE NOT fatal AND throughput_tokens_per_second IS NOT NULL AND arrival = 'closed'
)
SELECT
  evidence_id, run_id, entry_id, model_name, gpu, gpu_count, provider, runtime, workload, host, origin, price_per_hour,
  list(level ORDER BY level) AS levels,
  list(throughput_tokens_per_second ORDER BY level) AS throughput_tokens_per_second,
  list(avg_tokens_per_second ORDER BY level) AS avg_tokens_per_second,
  arg_max(level, (throughput_tokens_per_second, -level)) AS best_level,
  max(throughput_tokens_per_second) AS best_throughput_tokens_per_second,
  min(level) FILTER (throughput_tokens_per_second >= 0.95 * highest) AS knee_level,
  arg_min(throughput_tokens_per_second, level) FILTER (throughput_tokens_per_second >= 0.95 * highest)
    AS knee_throughput_tokens_per_second
FROM steps
GROUP BY ALL
HAVING count(*) > 1;

COMMENT ON COLUMN ladders.levels IS 'Requests in flight at once, lowest first.';
COMMENT ON COLUMN ladders.throughput_tokens_per_second IS 'Throughput at each of them, tokens/s.';
COMMENT ON COLUMN ladders.avg_tokens_per_second IS 'What one user sees at each of them, tokens/s.';
COMMENT ON COLUMN ladders.best_level IS 'Level with the highest throughput.';
COMMENT ON COLUMN ladders.knee_level IS 'Smallest level with at least 95 % of the highest throughput.';

-- What a question about limits chooses from: one row a host and level of a setup, its median benchmark by throughput (of an even
-- number the slower of the middle two), of one workload (null means standard). Limits and narrowing may be null, which means any. `judged` is false where a percentile
-- that a limit needs was not measured; `excess` is the worst of the 99th percentiles beside its limit.
CREATE MACRO slo_candidates(
  wanted_model, most_ttft_ms, most_tpot_ms, wanted_workload, wanted_gpu, wanted_provider, wanted_runtime, wanted_level
) AS TABLE
SELECT
  *,
  throughput_tokens_per_second IS NOT NULL
    AND (most_ttft_ms IS NULL OR p99_ttft_ms IS NOT NULL) AND (most_tpot_ms IS NULL OR p99_tpot_ms IS NOT NULL) AS judged,
  greatest(p99_ttft_ms / most_ttft_ms, p99_tpot_ms / most_tpot_ms) AS excess
FROM setups
WHERE model_name = wanted_model
  AND workload_key(workload) = workload_key(wanted_workload)
  AND (wanted_level IS NULL OR level = wanted_level)
  AND (wanted_gpu IS NULL OR contains(lower(gpu_name), lower(wanted_gpu)) OR contains(lower(gpu), lower(wanted_gpu)))
  AND (wanted_provider IS NULL OR provider = wanted_provider)
  AND (wanted_runtime IS NULL OR runtime = wanted_runtime);
