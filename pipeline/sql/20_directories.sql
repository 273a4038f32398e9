-- The raw directories of a batch with what their provenance and metadata say.
-- `directory` numbers them within the batch, in the order of the list; `told_level` is the level of lines that tell none.
-- Variables: directories (JSON list from the builder), metadata_files (list of paths).

CREATE OR REPLACE TEMP TABLE directories AS
SELECT told.*, ltrim(file.content, chr(65279))::JSON AS metadata, coalesce((metadata ->> '$.test_config.concurrent_reqs')::DOUBLE, 1) AS told_level
FROM (
  SELECT unnest(from_json(getvariable('directories'), '[{
    "directory": "INTEGER", "run_id": "VARCHAR", "entry_id": "VARCHAR", "evidence_id": "VARCHAR", "seal": "VARCHAR", "origin": "VARCHAR",
    "provider": "VARCHAR", "location": "VARCHAR", "price_per_hour": "DOUBLE", "rejected_lines": "BIGINT",
    "files": "VARCHAR[]", "metadata_file": "VARCHAR", "results_file": "VARCHAR", "chunks_file": "VARCHAR", "gpu_file": "VARCHAR"
  }]'), recursive := true)
) AS told
JOIN read_text(getvariable('metadata_files')) AS file ON file.filename = told.metadata_file;
