-- Whether the load generator was the bottleneck of a benchmark, and what the engine itself counted: one row a benchmark.

-- What may be found before a verdict says so (66_client_verdicts.sql). An idle event loop is 1 ms late. On two cores that other
-- programs kept busy it was up to 20 ms late at the median, with stalls of 50 to 200 ms, though the client did next to nothing and its
-- figures held: lateness is its own only where it is busy itself. Kept from the processor for longer than a gap between tokens, it
-- hears them in heaps, whoever is to blame: stalls (p99) and heaps say so, where the median alone is blind. Beside one engine and
-- nothing else its 99th percentile was 2 to 4 ms, beside busy loops 5 to 60 ms, and with a lower priority than theirs 160 to 1,200 ms,
-- with 14 to 80 % of the pieces in heaps. An engine may send several pieces at once: heaps alone say nothing. In a window of a second
-- one stall is a large share of the time, which therefore counts in longer ones.
CREATE OR REPLACE TEMP MACRO client_limits() AS {
  own_work_cpu_pct: 50, median_loop_lag_ms: 10, loop_lag_share_of_itl: 0.05, starved_loop_lag_ms: 50, p99_loop_lag_ms: 100, contended_loop_lag_ms: 5, heaps_pct: 5, cpu_pct: 90,
  in_flight_pct: 95, least_seconds: 5, schedule_lag_ms: 10, schedule_lag_share_of_ttft: 0.01, sent_off_pct: 1,
  least_requests_on_schedule: 100, server_in_flight_off_pct: 5, least_scrapes: 10, token_mismatch_pct: 1, recount_mismatch_pct: 10
};

CREATE OR REPLACE TEMP TABLE client_signs AS
WITH told AS (
  SELECT directory, unnest(from_json(metadata -> '$.summary.levels', '[{
    "level": "DOUBLE", "phase": "VARCHAR", "planned_seconds": "DOUBLE", "load_seconds": "DOUBLE", "interrupted": "BOOLEAN",
    "client": {"loop_lag_p50_ms": "DOUBLE", "loop_lag_p99_ms": "DOUBLE", "cpu_pct": "DOUBLE", "shards": "INTEGER"}
  }]'), recursive := true)
  FROM directories
),
-- The window without the time in which its last requests ended.
spans AS (
  SELECT
    benchmark_id, load.directory, load.level, last_n, total_errors, window_seconds, ttft_ms[1] AS median_ttft_ms, tpot_ms[1] AS median_tpot_ms,
    interrupted, loop_lag_p50_ms, loop_lag_p99_ms, cpu_pct, shards AS told_shards, coalesce(shards, 1) AS shards,
    metadata ->> '$.test_config.load.kind' AS load_kind,
    coalesce(load_kind, 'closed') NOT IN ('closed', 'ladder') AS is_open,
    1e9 * least(coalesce(load_seconds, planned_seconds), window_seconds) AS horizon_ns
  FROM load
  JOIN (SELECT directory, metadata FROM directories) USING (directory)
  JOIN (SELECT benchmark_id, last_n FROM windows) USING (benchmark_id)
  -- Of a level that is told twice nobody knows which is true.
  LEFT JOIN (
    FROM told WHERE coalesce(phase, 'measure') = 'measure' QUALIFY count(*) OVER (PARTITION BY directory, level) = 1
  ) AS told ON told.directory = load.directory AND told.level = load.level
),
-- All requests that were under way between the first scrape of the window and the last: those that settle the load are not
-- measured, and are on the window's clock too.
under_way AS (
  SELECT requests.*, horizon_ns, requests.phase = 'measure' AND NOT failed AND reads IS NOT NULL AS is_heard
  FROM requests JOIN spans USING (benchmark_id)
  WHERE requests.phase IN ('settle', 'measure') AND n <= last_n AND sent_ns IS NOT NULL
),
requests_seen AS (
  SELECT
    benchmark_id,
    if(count(end_ns) = count(*), sum(greatest(0, least(end_ns, horizon_ns) - greatest(sent_ns, 0))) / any_value(horizon_ns), NULL) AS in_flight,
    min(sent_ns) AS first_sent_ns,
    max(coalesce(end_ns, sent_ns)) AS last_end_ns,
    -- Pieces that did not come by themselves: all but one of each heap.
    100 * (1 - sum(reads) FILTER (is_heard) / nullif(sum(frames) FILTER (is_heard), 0)) AS heaped_pct,
    sum(tok) AS all_tokens,
    count(*) FILTER (failed) AS all_failed,
    count(*) FILTER (phase = 'measure') AS measured,
    sum(frames) FILTER (phase = 'measure') AS measured_frames,
    quantile_cont(if(sent_ns < scheduled_ns, 0, (sent_ns - scheduled_ns) / 1e6), 0.99) FILTER (phase = 'measure') AS p99_schedule_lag_ms,
    count(*) FILTER (phase = 'measure' AND sent_ns <= horizon_ns) AS sent_in_time,
    count(*) FILTER (phase = 'measure' AND scheduled_ns <= horizon_ns) AS due_in_time,
    sum(frames) FILTER (NOT failed AND tok_from = 'engine') AS frames_told,
    sum(tok) FILTER (NOT failed AND tok_from = 'engine' AND frames IS NOT NULL) AS tokens_told,
    sum(recount_tok) FILTER (NOT failed) AS recounted,
    sum(tok) FILTER (NOT failed AND recount_tok IS NOT NULL) AS tokens_recounted
  FROM under_way GROUP BY ALL
),
-- The client's requests under way at the very moments at which the engine was asked for its own.
moments AS (
  SELECT benchmark_id, at_ns, at_engine, sum(change) OVER (PARTITION BY benchmark_id ORDER BY at_ns, change DESC ROWS UNBOUNDED PRECEDING) AS at_client
  FROM (
    SELECT benchmark_id, sent_ns AS at_ns, 1 AS change, NULL AS at_engine FROM under_way
    UNION ALL
    SELECT benchmark_id, end_ns, -1, NULL FROM under_way
    UNION ALL
    SELECT benchmark_id, at_ns, 0, running + waiting FROM server_lines WHERE phase = 'measure'
  )
  WHERE benchmark_id IN (SELECT benchmark_id FROM server_lines)
),
scrapes AS (
  SELECT benchmark_id, count(*) AS scrapes, avg(at_engine) AS server_in_flight, avg(at_client) AS client_at_scrapes
  FROM moments JOIN spans USING (benchmark_id)
  WHERE at_engine IS NOT NULL AND at_ns BETWEEN 0 AND horizon_ns
  GROUP BY ALL
),
-- All tokens lie between two scrapes only where the first came before the first request and the last after the last: others may have
-- failed. A counter that went down was set back: the engine was started anew.
counted AS (
  SELECT
    benchmark_id,
    arg_max(generation_tokens, at_ns) - arg_min(generation_tokens, at_ns) AS difference,
    if(
      difference >= 0 AND min(at_ns) <= any_value(first_sent_ns) AND max(at_ns) >= any_value(last_end_ns), difference, NULL
    ) AS server_tokens
  FROM server_lines JOIN requests_seen USING (benchmark_id)
  WHERE phase = 'measure' AND generation_tokens IS NOT NULL
  GROUP BY ALL
),
rates AS (
  SELECT benchmark_id, directory, measured_frames / nullif(window_seconds, 0) AS chunks_per_second
  FROM spans JOIN requests_seen USING (benchmark_id)
),
-- The lowest level of the calibration at which chunks came as fast says what the times may be off by. Above a ceiling that was
-- found, the first level that was not clean is where the client was seen to be late.
calibrated AS (
  SELECT
    benchmark_id, any_value(calibrated_at) AS calibrated_at, any_value(ceiling_chunks_per_second) AS ceiling_chunks_per_second,
    arg_min(p99_ttft_error_ms, streams) FILTER (levels.chunks_per_second >= rates.chunks_per_second) AS p99_ttft_error_ms,
    arg_min(p99_itl_error_ms, streams) FILTER (levels.chunks_per_second >= rates.chunks_per_second) AS p99_itl_error_ms,
    arg_min(levels.chunks_per_second, streams) FILTER (NOT clean AND ceiling_chunks_per_second IS NOT NULL) AS late_chunks_per_second
  FROM rates JOIN calibration_levels AS levels USING (directory)
  GROUP BY ALL
)
SELECT
  spans.*, rates.chunks_per_second, in_flight, heaped_pct, measured, p99_schedule_lag_ms, server_in_flight, client_at_scrapes, scrapes,
  calibrated.* EXCLUDE (benchmark_id), server_tokens, all_tokens, all_failed, frames_told, tokens_told, recounted, tokens_recounted,
  100 * sent_in_time / nullif(if(load_kind = 'constant', spans.level * horizon_ns / 1e9, due_in_time), 0) AS sent_pct,
  CASE WHEN coalesce(
    calibrated_at, chunks_per_second::VARCHAR, p99_schedule_lag_ms::VARCHAR, loop_lag_p99_ms::VARCHAR, in_flight::VARCHAR
  ) IS NOT NULL THEN {
    calibrated_at: calibrated_at, ceiling_chunks_per_second: ceiling_chunks_per_second, chunks_per_second: rates.chunks_per_second,
    p99_ttft_error_ms: p99_ttft_error_ms, p99_itl_error_ms: p99_itl_error_ms, p99_schedule_lag_ms: p99_schedule_lag_ms,
    p99_loop_lag_ms: loop_lag_p99_ms, cpu_pct: cpu_pct, shards: told_shards, in_flight: in_flight, server_in_flight: server_in_flight,
    tokens: if(server_tokens IS NULL, NULL, all_tokens), server_tokens: server_tokens
  } END AS client
FROM spans
LEFT JOIN requests_seen USING (benchmark_id)
LEFT JOIN scrapes USING (benchmark_id)
LEFT JOIN counted USING (benchmark_id)
LEFT JOIN rates USING (benchmark_id)
LEFT JOIN calibrated USING (benchmark_id);
