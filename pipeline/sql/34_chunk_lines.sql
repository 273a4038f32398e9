-- When each frame with text of each request of a batch came, one row a request. Variable: chunks_files (list of paths).

CREATE OR REPLACE TEMP VIEW chunk_lines AS
SELECT id_stem || level_text(level) AS benchmark_id, run_id, entry_id, level, phase, n, first_ns, gaps_us
FROM read_json(getvariable('chunks_files'), format = 'newline_delimited', filename = true, columns = {
  n: 'BIGINT', level: 'DOUBLE', phase: 'VARCHAR', first_ns: 'BIGINT', gaps_us: 'UINTEGER[]'
})
JOIN directories ON chunks_file = filename;
