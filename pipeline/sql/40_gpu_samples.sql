-- The GPU samples of a batch. The builder has made the view gpu_cells, all text, over the gpu.csv of every layout.

CREATE OR REPLACE TEMP TABLE gpu_samples AS
WITH cells AS (
  SELECT
    directory, evidence_id, run_id, entry_id,
    coalesce(
      try_strptime(trim(timestamp), ['%Y/%m/%d %H:%M:%S.%g', '%Y/%m/%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S.%gZ', '%Y-%m-%d %H:%M:%S.%g']),
      try_cast(timestamp AS TIMESTAMP),
      make_timestamp((try_cast(timestamp AS DOUBLE) * if(length(split_part(timestamp, '.', 1)) > 11, 1e3, 1e6))::BIGINT)
    ) AS sampled_at,
    gpu_cells.* EXCLUDE (file, timestamp)
  FROM gpu_cells JOIN directories ON gpu_file = file
)
SELECT
  directory, evidence_id, run_id, entry_id, sampled_at,
  try_cast(gpu_index AS INTEGER) AS gpu_index,
  trim(gpu_uuid) AS gpu_uuid,
  try_cast(rtrim(utilization_pct, ' %') AS DOUBLE) AS utilization_pct,
  try_cast(rtrim(memory_used_mib, ' MiB') AS DOUBLE) AS memory_used_mib,
  try_cast(rtrim(memory_total_mib, ' MiB') AS DOUBLE) AS memory_total_mib,
  try_cast(rtrim(temperature_c, ' C') AS DOUBLE) AS temperature_c,
  try_cast(rtrim(power_w, ' W') AS DOUBLE) AS power_w,
  try_cast(rtrim(power_limit_w, ' W') AS DOUBLE) AS power_limit_w,
  try_cast(rtrim(sm_clock_mhz, ' MHz') AS DOUBLE) AS sm_clock_mhz,
  if(throttle_reasons LIKE '%0x%', trim(throttle_reasons), NULL) AS throttle_reasons
FROM cells;

COMMENT ON COLUMN gpu_samples.evidence_id IS 'Digest of the raw evidence that holds the line.';
COMMENT ON COLUMN gpu_samples.sampled_at IS 'When the sample was taken, UTC.';
