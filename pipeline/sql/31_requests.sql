-- The requests of a batch as they stand in its Parquet part, and the benchmarks that they make. Variable: requests_part (path).

CREATE OR REPLACE TEMP VIEW requests AS FROM read_parquet(getvariable('requests_part'));

COMMENT ON COLUMN requests.benchmark_id IS 'Benchmark that the request belongs to.';
COMMENT ON COLUMN requests.phase IS 'measure; beside it warmup (never counted), settle (before the window) and repeat (the first level once more).';
COMMENT ON COLUMN requests.sent_at IS 'When it was sent, UTC; of a line that tells when it ended, that less its duration.';
COMMENT ON COLUMN requests.tokens_per_second IS 'decode_tok / (last token - first token), tokens/s; the recorded tps where those times are not known.';
COMMENT ON COLUMN requests.tpot_ms IS 'Time per output token after the first, (last token - first token) / decode_tok, ms; from the recorded tps where those times are not known.';
COMMENT ON COLUMN requests.latency_ms IS 'Duration of the whole request, ms.';
COMMENT ON COLUMN requests.ttft_ms IS 'Time to first token from the scheduled time, ms.';
COMMENT ON COLUMN requests.ttft_from_sent_ms IS 'Time to first token from the time it was sent, ms.';
COMMENT ON COLUMN requests.ttfa_ms IS 'Time to first answer, the first text that is no reasoning, from the scheduled time, ms.';
COMMENT ON COLUMN requests.failed IS 'Whether it failed.';
COMMENT ON COLUMN requests.asked_tok IS 'Most output tokens that were asked for.';
COMMENT ON COLUMN requests.first_token_ns IS 'When the first token came, seen or not, ns since the window''s start; first_text_ns where the line tells no other.';
COMMENT ON COLUMN requests.last_token_ns IS 'When the last token came, seen or not; last_text_ns where the line tells no other.';
COMMENT ON COLUMN requests.decode_tok IS 'Output tokens between these two, without what came together with the first and without silent reasoning; tok - 1 where the line tells no other.';
COMMENT ON COLUMN requests.same_model IS 'Whether the answer named the model that was asked for; null where it named none.';
COMMENT ON COLUMN requests.engine_total_ns IS 'The engine''s own total time, ns.';
COMMENT ON COLUMN requests.engine_load_ns IS 'The engine''s own time to load the model, ns.';
COMMENT ON COLUMN requests.engine_prompt_ns IS 'The engine''s own time to read the prompt, ns.';
COMMENT ON COLUMN requests.engine_decode_ns IS 'The engine''s own time to generate, ns.';

CREATE OR REPLACE TEMP TABLE levels AS
SELECT benchmark_id, directory, level
FROM (SELECT DISTINCT benchmark_id, run_id, entry_id, level FROM requests) JOIN directories USING (run_id, entry_id);
