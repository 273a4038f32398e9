-- The request lines of a batch, typed, with what follows from each line alone. What is the same for a whole directory is
-- kept apart and joined when the rows are written.
-- Variable: results_files (list of paths, in the order of the directories' numbers).

CREATE OR REPLACE TEMP TABLE request_lines AS
SELECT
  directory,
  coalesce(level, told_level) AS level,
  coalesce(phase, 'measure') AS phase,
  n,
  make_timestamp((t * 1e6)::BIGINT) AS sent_at,
  tok, tok_from, recount_tok, prompt_tok, cached_tok,
  CASE WHEN tok > 1 AND last_text_ns > first_text_ns THEN (tok - 1) * 1e9 / (last_text_ns - first_text_ns)
       WHEN first_text_ns IS NULL THEN nullif(tps, 0) END AS tokens_per_second,
  CASE WHEN tok > 1 AND last_text_ns > first_text_ns THEN (last_text_ns - first_text_ns) / 1e6 / (tok - 1)
       WHEN first_text_ns IS NULL THEN 1e3 / nullif(tps, 0) END AS tpot_ms,
  nullif(dur, 0) * 1e3 AS latency_ms,
  (first_text_ns - scheduled_ns) / 1e6 AS ttft_ms,
  (first_text_ns - sent_ns) / 1e6 AS ttft_from_sent_ms,
  (first_answer_ns - scheduled_ns) / 1e6 AS ttfa_ms,
  coalesce(err NOT IN ('false', '0', ''), false) OR error_class IS NOT NULL AS failed,
  error_class, error_msg, prompt, asked_tok, stop, http, frames,
  scheduled_ns, sent_ns, headers_ns, first_frame_ns, first_text_ns, first_answer_ns, last_text_ns, last_frame_ns, end_ns,
  engine.total_ns AS engine_total_ns, engine.load_ns AS engine_load_ns,
  engine.prompt_ns AS engine_prompt_ns, engine.decode_ns AS engine_decode_ns
FROM read_json(getvariable('results_files'), format = 'newline_delimited', columns = {
  t: 'DOUBLE', n: 'BIGINT', tok: 'BIGINT', tok_from: 'VARCHAR', recount_tok: 'BIGINT', tps: 'DOUBLE', dur: 'DOUBLE', err: 'VARCHAR', error_msg: 'VARCHAR',
  error_class: 'VARCHAR', phase: 'VARCHAR', level: 'DOUBLE', prompt: 'VARCHAR', asked_tok: 'BIGINT',
  scheduled_ns: 'BIGINT', sent_ns: 'BIGINT', headers_ns: 'BIGINT', first_frame_ns: 'BIGINT', first_text_ns: 'BIGINT',
  first_answer_ns: 'BIGINT', last_text_ns: 'BIGINT', last_frame_ns: 'BIGINT', end_ns: 'BIGINT', prompt_tok: 'BIGINT', cached_tok: 'BIGINT', frames: 'BIGINT',
  stop: 'VARCHAR', http: 'BIGINT',
  engine: 'STRUCT(total_ns BIGINT, load_ns BIGINT, prompt_ns BIGINT, decode_ns BIGINT)'
})
JOIN (SELECT directory, told_level FROM directories) ON directory = file_index + 1;

CREATE OR REPLACE TEMP TABLE levels AS
SELECT directory, level, benchmark_id_of(evidence_id, arrival, level) AS benchmark_id, run_id, entry_id
FROM (SELECT DISTINCT directory, level FROM request_lines) JOIN directories USING (directory);

CREATE OR REPLACE TEMP VIEW requests AS
SELECT benchmark_id, run_id, entry_id, request_lines.* EXCLUDE (directory)
FROM request_lines JOIN levels USING (directory, level);

COMMENT ON COLUMN requests.benchmark_id IS 'Benchmark that the request belongs to.';
COMMENT ON COLUMN requests.phase IS 'measure; beside it warmup (never counted), settle (before the window) and repeat (the first level once more).';
COMMENT ON COLUMN requests.sent_at IS 'When it was sent, UTC.';
COMMENT ON COLUMN requests.tokens_per_second IS '(tok - 1) / (last text - first text), tokens/s; the recorded tps where those times are not known.';
COMMENT ON COLUMN requests.tpot_ms IS 'Time per output token after the first, (last text - first text) / (tok - 1), ms; from the recorded tps where those times are not known.';
COMMENT ON COLUMN requests.latency_ms IS 'Duration of the whole request, ms.';
COMMENT ON COLUMN requests.ttft_ms IS 'Time to first token from the scheduled time, ms.';
COMMENT ON COLUMN requests.ttft_from_sent_ms IS 'Time to first token from the time it was sent, ms.';
COMMENT ON COLUMN requests.ttfa_ms IS 'Time to first answer, the first text that is no reasoning, from the scheduled time, ms.';
COMMENT ON COLUMN requests.failed IS 'Whether it failed.';
COMMENT ON COLUMN requests.asked_tok IS 'Most output tokens that were asked for.';
COMMENT ON COLUMN requests.engine_total_ns IS 'The engine''s own total time, ns.';
COMMENT ON COLUMN requests.engine_load_ns IS 'The engine''s own time to load the model, ns.';
COMMENT ON COLUMN requests.engine_prompt_ns IS 'The engine''s own time to read the prompt, ns.';
COMMENT ON COLUMN requests.engine_decode_ns IS 'The engine''s own time to generate, ns.';
