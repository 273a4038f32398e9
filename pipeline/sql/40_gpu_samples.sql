-- The GPU samples of a batch. The builder has made the view gpu_cells, all text, over the gpu.csv of every layout;
-- `line` numbers the rows of files without an index of the GPU, and is null in others. Variable: lost (LOST of schema/driver_words.ts).

-- The number in a cell, with or without its unit. `nan` and `inf` are words, not numbers; a largest one stands for a sensor that is not
-- there (NO_NUMBERS of schema/evidence.ts).
CREATE OR REPLACE TEMP MACRO possible(number, unit) AS
  if(isfinite(number) AND number < 4294967295 AND (number <> 65535 OR unit = 'MiB'), number, NULL);
CREATE OR REPLACE TEMP MACRO number_in(cell, unit) AS
  possible(coalesce(try_cast(cell AS DOUBLE), try_cast(rtrim(cell, ' ' || unit) AS DOUBLE)), unit);

CREATE OR REPLACE TEMP TABLE gpu_lines AS
WITH cells AS (
  SELECT
    directory,
    coalesce(
      utc_in(timestamp),
      make_timestamp((try_cast(timestamp AS DOUBLE) * if(length(split_part(timestamp, '.', 1)) > 11, 1e3, 1e6))::BIGINT)
    ) AS sampled_at,
    gpus,
    gpu_cells.* EXCLUDE (file, timestamp)
  FROM gpu_cells
  JOIN (SELECT directory, gpu_file, nullif(gpus_to_sample, 0) AS gpus FROM directories) ON gpu_file = file
  WHERE sampled_at IS NOT NULL
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
    (row_number() OVER (PARTITION BY directory, tick ORDER BY line) - 1) % coalesce(gpus, 1024) AS gpu_index
  ) FROM ticks
)
SELECT
  directory, sampled_at,
  try_cast(gpu_index AS INTEGER) AS gpu_index,
  -- An id has a digit, or letters before a hyphen; words in its place have neither, in brackets or not.
  if(NOT contains(gpu_uuid, '[') AND regexp_matches(gpu_uuid, '[0-9]|\w-'), trim(gpu_uuid), NULL) AS gpu_uuid,
  number_in(utilization_pct, '%') AS utilization_pct,
  number_in(memory_used_mib, 'MiB') AS memory_used_mib,
  number_in(memory_total_mib, 'MiB') AS memory_total_mib,
  number_in(temperature_c, 'C') AS temperature_c,
  number_in(power_w, 'W') AS power_w,
  number_in(power_limit_w, 'W') AS power_limit_w,
  number_in(sm_clock_mhz, 'MHz') AS sm_clock_mhz,
  if(throttle_reasons LIKE '%0x%', trim(throttle_reasons), NULL) AS throttle_reasons,
  number_in(memory_clock_mhz, 'MHz') AS memory_clock_mhz,
  number_in(memory_utilization_pct, '%') AS memory_utilization_pct,
  number_in(memory_temperature_c, 'C') AS memory_temperature_c,
  number_in(power_average_w, 'W') AS power_average_w,
  number_in(power_default_limit_w, 'W') AS power_default_limit_w,
  try_cast(pcie_generation AS INTEGER) AS pcie_generation,
  try_cast(pcie_width AS INTEGER) AS pcie_width,
  try_cast(rtrim(sw_power_cap_us, ' us') AS BIGINT) AS sw_power_cap_us,
  try_cast(rtrim(sw_thermal_slowdown_us, ' us') AS BIGINT) AS sw_thermal_slowdown_us,
  try_cast(rtrim(hw_thermal_slowdown_us, ' us') AS BIGINT) AS hw_thermal_slowdown_us,
  try_cast(rtrim(hw_power_brake_us, ' us') AS BIGINT) AS hw_power_brake_us,
  if(trim(performance_state) SIMILAR TO 'P\d+', trim(performance_state), NULL) AS performance_state,
  regexp_matches(
    concat_ws(' ', utilization_pct, memory_used_mib, temperature_c, power_w, sm_clock_mhz), getvariable('lost'), 'i'
  ) AS is_lost
FROM indexed;

CREATE OR REPLACE TEMP VIEW gpu_samples AS
SELECT evidence_id, run_id, entry_id, gpu_lines.* EXCLUDE (directory, is_lost)
FROM gpu_lines JOIN directories USING (directory);

COMMENT ON COLUMN gpu_samples.evidence_id IS 'Digest of the raw evidence that holds the line.';
COMMENT ON COLUMN gpu_samples.sampled_at IS 'When the sample was taken, UTC.';
