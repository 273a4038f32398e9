-- The raw rows of the definitions (sql/definitions): measured requests that succeeded, of benchmarks of which chunk times are
-- kept.

CREATE OR REPLACE TEMP TABLE timed_requests AS
SELECT
  benchmark_id AS id, run_id, entry_id, level, phase, n, window_seconds, settle_tokens, tok, recount_tok,
  scheduled_ns, sent_ns, first_frame_ns, lead_frames, first_text_ns, first_answer_ns, last_text_ns, coalesce(last_frame_ns, end_ns) AS last_frame_ns,
  latency_ms, tokens_per_second
FROM requests
JOIN (SELECT benchmark_id, window_seconds, settle_tokens FROM load) USING (benchmark_id)
WHERE phase = 'measure' AND NOT failed AND sent_ns IS NOT NULL AND last_text_ns IS NOT NULL
  AND benchmark_id IN (SELECT benchmark_id FROM inter_token);

-- The same with the gaps between the chunks of each.
CREATE OR REPLACE TEMP VIEW timed_chunks AS
SELECT timed_requests.*, gaps_us
FROM timed_requests JOIN (SELECT benchmark_id AS id, phase, n, gaps_us FROM chunks) USING (id, phase, n);

-- The gaps between chunks, pooled over the requests of each benchmark, as several definitions want them.
CREATE OR REPLACE TEMP VIEW chunk_gaps AS
SELECT benchmark_id AS id, {mean: avg_itl_ms, p50: itl_ms[1], p99: itl_ms[3]} AS itl_ms
FROM inter_token;
