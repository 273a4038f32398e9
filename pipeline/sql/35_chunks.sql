-- When each frame with text of each request of a batch came, one row a request. Variable: chunks_files (list of paths).

CREATE OR REPLACE TEMP TABLE chunk_lines AS
SELECT directory, level, phase, n, first_ns, gaps_us
FROM read_json(getvariable('chunks_files'), format = 'newline_delimited', filename = true, columns = {
  n: 'BIGINT', level: 'DOUBLE', phase: 'VARCHAR', first_ns: 'BIGINT', gaps_us: 'UINTEGER[]'
})
JOIN directories ON chunks_file = filename;

CREATE OR REPLACE TEMP VIEW chunks AS
SELECT benchmark_id_of(evidence_id, arrival, level) AS benchmark_id, run_id, entry_id, chunk_lines.* EXCLUDE (directory)
FROM chunk_lines JOIN directories USING (directory);

COMMENT ON COLUMN chunks.benchmark_id IS 'Benchmark that the request belongs to.';
COMMENT ON COLUMN chunks.phase IS 'measure; beside it warmup, settle and repeat, as in requests.';
