-- The same as they stand in the batch's Parquet part. Variable: chunks_part (path).

CREATE OR REPLACE TEMP VIEW chunks AS FROM read_parquet(getvariable('chunks_part'));

COMMENT ON COLUMN chunks.benchmark_id IS 'Benchmark that the request belongs to.';
COMMENT ON COLUMN chunks.phase IS 'measure; beside it warmup, settle and repeat, as in requests.';
