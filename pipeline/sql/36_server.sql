-- What the engines of a batch counted themselves, one row a question. Variable: server_files (list of paths).

CREATE OR REPLACE TEMP TABLE server_lines AS
SELECT id_stem || level_text(level) AS benchmark_id, phase, at_ns, running, waiting, generation_tokens, prompt_tokens, kv_usage
FROM read_json(getvariable('server_files'), format = 'newline_delimited', filename = true, columns = {
  at_ns: 'BIGINT', level: 'DOUBLE', phase: 'VARCHAR', running: 'DOUBLE', waiting: 'DOUBLE', generation_tokens: 'DOUBLE',
  prompt_tokens: 'DOUBLE', kv_usage: 'DOUBLE'
})
JOIN directories ON server_file = filename;
