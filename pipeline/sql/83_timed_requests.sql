-- The raw rows of the definitions (sql/definitions): measured requests that succeeded, of benchmarks of which chunk times are
-- kept. The gaps between chunks of a request stand in chunk_lines.

CREATE OR REPLACE TEMP TABLE timed_requests AS
SELECT
  benchmark_id AS id, run_id, entry_id, directory, level, phase, n, window_seconds, settle_tokens, tok, recount_tok,
  scheduled_ns, sent_ns, first_frame_ns, first_text_ns, first_answer_ns, last_text_ns, coalesce(last_frame_ns, end_ns) AS last_frame_ns,
  latency_ms, tokens_per_second
FROM request_lines
JOIN (SELECT directory, level, benchmark_id, window_seconds, settle_tokens FROM load) USING (directory, level)
JOIN (SELECT directory, run_id, entry_id FROM directories) USING (directory)
WHERE phase = 'measure' AND NOT failed AND sent_ns IS NOT NULL AND last_text_ns IS NOT NULL
  AND (directory, level) IN (SELECT (directory, level) FROM inter_token);

-- The gaps between chunks, pooled over the requests of each benchmark, as several definitions want them.
CREATE OR REPLACE TEMP VIEW chunk_gaps AS
SELECT benchmark_id AS id, {mean: avg_itl_ms, p50: itl_ms[1], p99: itl_ms[3]} AS itl_ms
FROM inter_token JOIN levels USING (directory, level);
