-- The raw rows of the definitions (sql/definitions): measured requests that succeeded, with their chunk times, of benchmarks of which
-- those are kept.

CREATE OR REPLACE TEMP TABLE timed_requests AS
SELECT
  benchmark_id AS id, run_id, entry_id, level, window_seconds, tok, recount_tok, scheduled_ns, sent_ns, first_frame_ns, first_text_ns,
  first_answer_ns, last_text_ns, coalesce(last_frame_ns, end_ns) AS last_frame_ns, latency_ms, tokens_per_second, gaps_us
FROM request_lines
JOIN (SELECT directory, level, benchmark_id, window_seconds FROM load) USING (directory, level)
JOIN (SELECT directory, run_id, entry_id FROM directories) USING (directory)
LEFT JOIN chunk_lines USING (directory, level, phase, n)
WHERE phase = 'measure' AND NOT failed AND sent_ns IS NOT NULL AND last_text_ns IS NOT NULL
  AND (directory, level) IN (SELECT (directory, level) FROM inter_token);

-- Gaps between chunks, pooled over requests, as several definitions want them.
CREATE OR REPLACE TEMP TABLE chunk_gaps AS
SELECT id, linear_spread(gap_us / 1e3) AS itl_ms
FROM (SELECT id, unnest(gaps_us) AS gap_us FROM timed_requests)
GROUP BY ALL;
