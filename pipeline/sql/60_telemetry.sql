-- GPU figures over the window of each benchmark: power is summed over GPUs, everything else averaged. A gap is time without
-- a sample, at the window's ends too; a step between samples that is kept throughout is none.

-- What telemetry may show before a verdict says so (70_verdicts.sql), and what a GPU under load is.
CREATE OR REPLACE TEMP MACRO telemetry_limits() AS {
  gap_seconds: 3, gap_steps: 1.5, least_steps: 3, throttled_pct: 1, load_utilization_pct: 50, least_ticks_at_rest: 3, utilization_at_rest_pct: 10,
  memory_before_load_mib: 1024, tenant_mib: 512, clock_skew_seconds: 1
};

-- Share of the time between a GPU's first and last sample in which a cumulative counter ran; null when it was set back.
CREATE OR REPLACE TEMP MACRO counted_pct(counter_us, sampled_at) AS
  CASE WHEN arg_max(counter_us, sampled_at) >= arg_min(counter_us, sampled_at) THEN least(
    100,
    100 * (arg_max(counter_us, sampled_at) - arg_min(counter_us, sampled_at))
      / nullif(epoch_us(max(sampled_at) FILTER (counter_us IS NOT NULL)) - epoch_us(min(sampled_at) FILTER (counter_us IS NOT NULL)), 0)
  ) END;

-- Share of samples whose mask of reasons has any of `bits`.
CREATE OR REPLACE TEMP MACRO masked_pct(reasons, bits) AS 100 * avg((reasons & bits > 0)::INTEGER);

-- The longest of three times without a sample, seconds: between two samples, before the first, after the last.
CREATE OR REPLACE TEMP MACRO longest(between_two, before, after) AS epoch(greatest(between_two, before, after));

CREATE OR REPLACE TEMP TABLE telemetry AS
WITH inside AS (
  SELECT
    benchmark_id, first_sent_at, last_ended_at, gpu.* EXCLUDE (directory, gpu_uuid, memory_total_mib, performance_state, is_lost),
    row_number() OVER own AS tick,
    sampled_at - lag(sampled_at) OVER own AS gap,
    if(power_w IS NULL, NULL, sampled_at) AS powered_at,
    powered_at - lag(powered_at IGNORE NULLS) OVER own AS unpowered,
    try_cast(throttle_reasons AS BIGINT) AS reasons
  FROM load JOIN gpu_lines AS gpu USING (directory)
  WHERE sampled_at BETWEEN first_sent_at AND last_ended_at
  WINDOW own AS (PARTITION BY benchmark_id, gpu_index ORDER BY sampled_at)
),
ticks AS (
  SELECT benchmark_id, tick, sum(power_w) AS power_w FROM inside GROUP BY ALL
),
-- Heat is bit 32 or 64, or a hardware slowdown (8) that no power brake (128) explains. Counters are exact; the share of samples
-- with the bit stands in where a driver has none. Two reasons may hold at once: the greater share is what is certain.
per_gpu AS (
  SELECT
    benchmark_id, gpu_index, avg(power_w) AS power_w,
    longest(max(gap), min(sampled_at) - any_value(first_sent_at), any_value(last_ended_at) - max(sampled_at)) AS gap_seconds,
    longest(max(unpowered), min(powered_at) - any_value(first_sent_at), any_value(last_ended_at) - max(powered_at))
      AS unpowered_seconds,
    greatest(
      telemetry_limits().gap_seconds,
      if(count(gap) >= telemetry_limits().least_steps, telemetry_limits().gap_steps * median(epoch(gap)), 0)
    ) AS allowed_seconds,
    coalesce(
      greatest(counted_pct(sw_thermal_slowdown_us, sampled_at), counted_pct(hw_thermal_slowdown_us, sampled_at)),
      masked_pct(if(reasons & 128 > 0, reasons & 96, reasons), 104)
    ) AS thermal_throttle_pct,
    coalesce(counted_pct(sw_power_cap_us, sampled_at), masked_pct(reasons, 4)) AS power_cap_pct,
    min({
      ratio: coalesce(power_limit_w / nullif(power_default_limit_w, 0), 1), enforced: power_limit_w, standard: power_default_limit_w
    }) FILTER (power_limit_w IS NOT NULL) AS cap,
    max(pcie_generation) FILTER (utilization_pct >= telemetry_limits().load_utilization_pct) AS pcie_generation,
    max(pcie_width) FILTER (utilization_pct >= telemetry_limits().load_utilization_pct) AS pcie_width
  FROM inside GROUP BY ALL
),
-- Of several GPUs the one that is held back most.
worst AS (
  SELECT
    benchmark_id, max({times: gap_seconds / allowed_seconds, seconds: gap_seconds, allowed: allowed_seconds}) AS longest_gap,
    max(unpowered_seconds) AS longest_unpowered_seconds,
    sum(power_w) AS avg_power_draw_w, count(*) AS sampled_gpus, count(power_w) AS powered_gpus,
    max(thermal_throttle_pct) AS thermal_throttle_pct, max(power_cap_pct) AS power_cap_pct, min(cap) AS cap,
    min(pcie_generation) AS pcie_generation_under_load, min(pcie_width) AS pcie_width_under_load
  FROM per_gpu GROUP BY ALL
),
power AS (
  SELECT benchmark_id, max(power_w) AS max_power_draw_w FROM ticks GROUP BY ALL
),
averages AS (
  SELECT
    benchmark_id,
    avg(utilization_pct) AS avg_utilization_pct, max(utilization_pct) AS max_utilization_pct,
    avg(memory_used_mib) AS avg_memory_used_mib, max(memory_used_mib) AS max_memory_used_mib,
    avg(temperature_c) AS avg_temperature_c, max(temperature_c) AS max_temperature_c,
    avg(sm_clock_mhz) AS avg_sm_clock_mhz, max(sm_clock_mhz) AS max_sm_clock_mhz, avg(memory_clock_mhz) AS avg_memory_clock_mhz
  FROM inside GROUP BY ALL
)
SELECT
  averages.*, avg_power_draw_w, max_power_draw_w,
  thermal_throttle_pct, power_cap_pct, cap.enforced AS enforced_power_limit_w, cap.standard AS default_power_limit_w,
  pcie_generation_under_load, pcie_width_under_load,
  longest_gap.seconds AS longest_gap_seconds, longest_gap.allowed AS allowed_gap_seconds, sampled_gpus,
  -- Energy needs every GPU's power from the window's start to its end.
  powered_gpus = greatest(sampled_gpus, coalesce(gpus_to_sample, 0)) AND longest_unpowered_seconds <= telemetry_limits().gap_seconds
    AS knows_energy
FROM averages
JOIN worst USING (benchmark_id)
JOIN power USING (benchmark_id)
JOIN load USING (benchmark_id)
JOIN (SELECT directory, gpus_to_sample FROM directories) USING (directory);
