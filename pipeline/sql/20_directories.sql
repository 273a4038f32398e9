-- The raw directories of a batch with what their provenance and metadata say.
-- `directory` numbers them within the batch, in the order of the list; `told_level` is the level of lines that tell none. The id of a
-- load level is `id_stem` and the level's text: -c and the concurrency, or -r and the rate.
-- Variables: directories (JSON list from the builder), metadata_files (list of paths), no_name (NO_NAME of schema/driver_words.ts).

-- A name that metadata tells; null where words stand in its place, as drivers and scripts print them.
CREATE OR REPLACE TEMP MACRO told_name(told) AS if(regexp_full_match(trim(told), getvariable('no_name'), 'i'), NULL, told);

-- A GPU as metadata tells it, with its memory, which some names leave open; and the catalogue's name for it, null where that has none.
-- catalog_names (JSON) is set after this file has run.
CREATE OR REPLACE TEMP MACRO told_gpu(name, memory_mib) AS concat_ws(chr(10), name, nullif(memory_mib::DOUBLE, 0)::VARCHAR);
CREATE OR REPLACE TEMP MACRO catalog_gpu(name, memory_mib) AS
  (getvariable('catalog_names')::JSON::MAP(VARCHAR, VARCHAR))[told_gpu(name, memory_mib)];

-- A time that a text tells, UTC where it names no zone. DuckDB's own cast passes over a zone.
CREATE OR REPLACE TEMP MACRO utc_in(told) AS if(
  regexp_matches(told, ':[0-9]{2}([.][0-9]+)? ?[+-][0-9]{2}(:?[0-9]{2})?$'),
  make_timestamp(epoch_us(try_cast(told AS TIMESTAMPTZ))), try_cast(told AS TIMESTAMP)
);

CREATE OR REPLACE TEMP TABLE directories AS
SELECT
  told.*, ltrim(file.content, chr(65279))::JSON AS metadata,
  -- How many GPUs a driver tells samples of: of those that are cut into slices (MIG), which gpu_count counts, each whole one. Null
  -- where that is not known.
  if(
    json_array_length(metadata -> '$.hardware.mig_profiles') > 0 OR (metadata ->> '$.hardware.gpu_name') LIKE '% MIG %',
    json_array_length(metadata -> '$.hardware.gpu_uuids')::INTEGER, (metadata ->> '$.hardware.gpu_count')::INTEGER
  ) AS gpus_to_sample,
  coalesce(nullif((metadata ->> '$.test_config.concurrent_reqs')::DOUBLE, 0), 1) AS told_level,
  CASE WHEN metadata ->> '$.test_config.load.kind' IN ('constant', 'poisson', 'gamma', 'ramp')
    THEN metadata ->> '$.test_config.load.kind' ELSE 'closed' END AS arrival,
  evidence_id || if(arrival = 'closed', '-c', '-r') AS id_stem
FROM (
  SELECT unnest(from_json(getvariable('directories'), '[{
    "directory": "INTEGER", "run_id": "VARCHAR", "entry_id": "VARCHAR", "evidence_id": "VARCHAR", "seal": "VARCHAR", "origin": "VARCHAR",
    "provider": "VARCHAR", "location": "VARCHAR", "price_per_hour": "DOUBLE", "market": "VARCHAR", "rejected_lines": "BIGINT",
    "files": "VARCHAR[]", "metadata_file": "VARCHAR", "results_file": "VARCHAR", "chunks_file": "VARCHAR",
    "server_file": "VARCHAR", "calibration_file": "VARCHAR", "gpu_file": "VARCHAR", "wanted_gpu": "VARCHAR",
    "collected_at": "VARCHAR", "rejected_requests": "BIGINT"
  }]'), recursive := true)
) AS told
JOIN read_text(getvariable('metadata_files')) AS file ON file.filename = told.metadata_file;
