-- The GPU samples of a batch. The builder has made the view gpu_cells, all text, over the gpu.csv of every layout;
-- `line` numbers the rows of files without an index of the GPU, and is null in others.

CREATE OR REPLACE TEMP TABLE gpu_lines AS
WITH cells AS (
  SELECT
    directory,
    coalesce(
      try_strptime(trim(timestamp), ['%Y/%m/%d %H:%M:%S.%g', '%Y/%m/%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S.%gZ', '%Y-%m-%d %H:%M:%S.%g']),
      try_cast(timestamp AS TIMESTAMP),
      make_timestamp((try_cast(timestamp AS DOUBLE) * if(length(split_part(timestamp, '.', 1)) > 11, 1e3, 1e6))::BIGINT)
    ) AS sampled_at,
    nullif((metadata ->> '$.hardware.gpu_count')::INTEGER, 0) AS gpu_count,
    gpu_cells.* EXCLUDE (file, timestamp)
  FROM gpu_cells JOIN directories ON gpu_file = file
),
-- Rows without an index that follow each other within 0.1 s are one tick: GPUs 0, 1, 2 … in their order.
starts AS (
  SELECT *, coalesce(epoch(sampled_at - lag(sampled_at) OVER in_file) NOT BETWEEN 0 AND 0.1, true) AS starts_tick
  FROM cells WHERE line IS NOT NULL
  WINDOW in_file AS (PARTITION BY directory ORDER BY line)
),
ticks AS (
  SELECT *, count(*) FILTER (starts_tick) OVER (PARTITION BY directory ORDER BY line) AS tick FROM starts
),
indexed AS (
  SELECT * FROM cells WHERE line IS NULL
  UNION ALL BY NAME
  SELECT * EXCLUDE (starts_tick, tick) REPLACE (
    (row_number() OVER (PARTITION BY directory, tick ORDER BY line) - 1) % coalesce(gpu_count, 1024) AS gpu_index
  ) FROM ticks
)
SELECT
  directory, sampled_at,
  try_cast(gpu_index AS INTEGER) AS gpu_index,
  if(contains(gpu_uuid, '['), NULL, trim(gpu_uuid)) AS gpu_uuid,
  try_cast(rtrim(utilization_pct, ' %') AS DOUBLE) AS utilization_pct,
  try_cast(rtrim(memory_used_mib, ' MiB') AS DOUBLE) AS memory_used_mib,
  try_cast(rtrim(memory_total_mib, ' MiB') AS DOUBLE) AS memory_total_mib,
  try_cast(rtrim(temperature_c, ' C') AS DOUBLE) AS temperature_c,
  try_cast(rtrim(power_w, ' W') AS DOUBLE) AS power_w,
  try_cast(rtrim(power_limit_w, ' W') AS DOUBLE) AS power_limit_w,
  try_cast(rtrim(sm_clock_mhz, ' MHz') AS DOUBLE) AS sm_clock_mhz,
  if(throttle_reasons LIKE '%0x%', trim(throttle_reasons), NULL) AS throttle_reasons,
  try_cast(rtrim(memory_clock_mhz, ' MHz') AS DOUBLE) AS memory_clock_mhz,
  try_cast(rtrim(memory_utilization_pct, ' %') AS DOUBLE) AS memory_utilization_pct,
  try_cast(rtrim(memory_temperature_c, ' C') AS DOUBLE) AS memory_temperature_c,
  try_cast(rtrim(power_average_w, ' W') AS DOUBLE) AS power_average_w,
  try_cast(rtrim(power_default_limit_w, ' W') AS DOUBLE) AS power_default_limit_w,
  try_cast(pcie_generation AS INTEGER) AS pcie_generation,
  try_cast(pcie_width AS INTEGER) AS pcie_width,
  try_cast(rtrim(sw_power_cap_us, ' us') AS BIGINT) AS sw_power_cap_us,
  try_cast(rtrim(sw_thermal_slowdown_us, ' us') AS BIGINT) AS sw_thermal_slowdown_us,
  try_cast(rtrim(hw_thermal_slowdown_us, ' us') AS BIGINT) AS hw_thermal_slowdown_us,
  try_cast(rtrim(hw_power_brake_us, ' us') AS BIGINT) AS hw_power_brake_us,
  if(trim(performance_state) SIMILAR TO 'P\d+', trim(performance_state), NULL) AS performance_state,
  -- The driver has lost the GPU (LOST of schema/evidence.ts).
  concat_ws(' ', utilization_pct, memory_used_mib, temperature_c, power_w, sm_clock_mhz)
    SIMILAR TO '.*\[GPU (is lost|requires reset)\].*' AS is_lost
FROM indexed;

CREATE OR REPLACE TEMP VIEW gpu_samples AS
SELECT evidence_id, run_id, entry_id, gpu_lines.* EXCLUDE (directory, is_lost)
FROM gpu_lines JOIN directories USING (directory);

COMMENT ON COLUMN gpu_samples.evidence_id IS 'Digest of the raw evidence that holds the line.';
COMMENT ON COLUMN gpu_samples.sampled_at IS 'When the sample was taken, UTC.';
