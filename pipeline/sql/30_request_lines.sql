-- The request lines of a batch, typed, with what follows from each line alone.
-- Variables: results_files (list of paths, in the order of the directories' numbers), no_error (NO_ERROR of schema/failed.ts).

-- The one rule for what failed. Nearly all lines say false and tell no error, and need no expressions.
CREATE OR REPLACE TEMP MACRO is_error(told) AS coalesce(NOT regexp_full_match(told, getvariable('no_error')), false);
CREATE OR REPLACE TEMP MACRO is_failed(err, error_class, error_msg, tok) AS
  CASE WHEN err = 'false' AND error_class IS NULL AND error_msg IS NULL THEN false
       ELSE is_error(err) OR error_class IS NOT NULL OR coalesce(tok, 0) = 0 AND is_error(error_msg) END;

CREATE OR REPLACE TEMP VIEW request_lines AS
SELECT
  id_stem || level_text(coalesce(level, told_level)) AS benchmark_id, run_id, entry_id,
  coalesce(level, told_level) AS level,
  coalesce(phase, 'measure') AS phase,
  n,
  make_timestamp(((t - if(sent_ns IS NULL, coalesce(dur, 0), 0)) * 1e6)::BIGINT) AS sent_at,
  tok, tok_from, recount_tok, prompt_tok, cached_tok,
  CASE WHEN decode_tok > 0 AND last_token_ns > first_token_ns THEN decode_tok * 1e9 / (last_token_ns - first_token_ns)
       WHEN first_text_ns IS NULL THEN told_tps END AS tokens_per_second,
  CASE WHEN decode_tok > 0 AND last_token_ns > first_token_ns THEN (last_token_ns - first_token_ns) / 1e6 / decode_tok
       WHEN first_text_ns IS NULL THEN 1e3 / told_tps END AS tpot_ms,
  nullif(dur, 0) * 1e3 AS latency_ms,
  (first_text_ns - scheduled_ns) / 1e6 AS ttft_ms,
  (first_text_ns - sent_ns) / 1e6 AS ttft_from_sent_ms,
  (first_answer_ns - scheduled_ns) / 1e6 AS ttfa_ms,
  is_failed(err, error_class, error_msg, tok) AS failed,
  error_class, error_msg, prompt, asked_tok, stop, http, frames, lead_frames,
  scheduled_ns, sent_ns, headers_ns, first_frame_ns, first_text_ns, first_answer_ns, last_text_ns, last_frame_ns, end_ns,
  first_token_ns, last_token_ns, decode_tok, reads, same_model,
  engine.total_ns AS engine_total_ns, engine.load_ns AS engine_load_ns,
  engine.prompt_ns AS engine_prompt_ns, engine.decode_ns AS engine_decode_ns
FROM (
-- Where a line tells no span of its tokens, it is that of its text.
SELECT
  * REPLACE (
    coalesce(first_token_ns, first_text_ns) AS first_token_ns, coalesce(last_token_ns, last_text_ns) AS last_token_ns,
    coalesce(decode_tok, tok - 1) AS decode_tok
  ),
  -- No answer is as slow as the smallest numbers that a line may tell.
  if(tps >= 1e-6, tps, NULL) AS told_tps,
  file_index
FROM read_json(getvariable('results_files'), format = 'newline_delimited', columns = {
  t: 'DOUBLE', n: 'BIGINT', tok: 'BIGINT', tok_from: 'VARCHAR', recount_tok: 'BIGINT', tps: 'DOUBLE', dur: 'DOUBLE', err: 'VARCHAR', error_msg: 'VARCHAR',
  error_class: 'VARCHAR', phase: 'VARCHAR', level: 'DOUBLE', prompt: 'VARCHAR', asked_tok: 'BIGINT',
  scheduled_ns: 'BIGINT', sent_ns: 'BIGINT', headers_ns: 'BIGINT', first_frame_ns: 'BIGINT', first_text_ns: 'BIGINT',
  first_answer_ns: 'BIGINT', last_text_ns: 'BIGINT', last_frame_ns: 'BIGINT', end_ns: 'BIGINT', prompt_tok: 'BIGINT', cached_tok: 'BIGINT', frames: 'BIGINT', lead_frames: 'BIGINT',
  stop: 'VARCHAR', http: 'BIGINT',
  first_token_ns: 'BIGINT', last_token_ns: 'BIGINT', decode_tok: 'BIGINT', reads: 'BIGINT', same_model: 'BOOLEAN',
  engine: 'STRUCT(total_ns BIGINT, load_ns BIGINT, prompt_ns BIGINT, decode_ns BIGINT)'
}))
JOIN (SELECT directory, id_stem, run_id, entry_id, told_level FROM directories) ON directory = file_index + 1;
