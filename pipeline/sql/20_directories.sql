-- The raw directories of a batch with what their provenance and metadata say.
-- `directory` numbers them within the batch.
-- Variables: directories (JSON list from the builder), metadata_files (list of paths).

CREATE OR REPLACE TEMP TABLE directories AS
SELECT row_number() OVER (ORDER BY run_id, entry_id)::INTEGER AS directory, told.*, ltrim(file.content, chr(65279))::JSON AS metadata
FROM (
  SELECT unnest(from_json(getvariable('directories'), '[{
    "run_id": "VARCHAR", "entry_id": "VARCHAR", "evidence_id": "VARCHAR", "seal": "VARCHAR", "origin": "VARCHAR",
    "provider": "VARCHAR", "location": "VARCHAR", "price_per_hour": "DOUBLE", "rejected_lines": "BIGINT",
    "files": "VARCHAR[]", "metadata_file": "VARCHAR", "results_file": "VARCHAR", "chunks_file": "VARCHAR",
    "server_file": "VARCHAR", "calibration_file": "VARCHAR", "gpu_file": "VARCHAR", "wanted_gpu": "VARCHAR"
  }]'), recursive := true)
) AS told
JOIN read_text(getvariable('metadata_files')) AS file ON file.filename = told.metadata_file;
