-- What the load generator adds to its times on the machines of a batch, one row a level of the calibration.
-- Variable: calibration_files (list of paths).

CREATE OR REPLACE TEMP TABLE calibration_levels AS
SELECT directory, calibrated_at, ceiling_chunks_per_second, unnest(levels, recursive := true)
FROM (
  SELECT directory, unnest(from_json(ltrim(content, chr(65279))::JSON, '{
    "calibrated_at": "VARCHAR", "ceiling_chunks_per_second": "DOUBLE", "levels": [{
      "streams": "DOUBLE", "chunks_per_second": "DOUBLE", "p99_ttft_error_ms": "DOUBLE", "p99_itl_error_ms": "DOUBLE", "clean": "BOOLEAN"
    }]
  }'))
  FROM directories JOIN read_text(getvariable('calibration_files')) ON calibration_file = filename
);
