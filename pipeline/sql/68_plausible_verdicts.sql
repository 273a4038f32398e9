-- Reasons for which the figures of a benchmark cannot all be true, as submissions are checked for (schema/plausible.ts); 70_verdicts.sql
-- takes them over. What is not told, or does not apply, is null: it was not checked.

-- How far figures may lie apart before they contradict each other. Of the weights about a tenth are embeddings, which are not read for
-- every token, and memory may be clocked a tenth above its maker's figure. Where no time to first token is known, a request may wait for
-- its prompt to be read, and the first one for the model; not ten times as long as all its tokens take, when prompts are short. The mean
-- of the answers' speeds lay within a tenth of the speed of all together, at levels whose last answers had the engine for themselves too;
-- where a few answers came at once, it lies far above. Where durations are not known, the window that requests ended in may be half of
-- that in which they ran. A machine has at most 16 GPUs that read a model together. Weights take at
-- least 1.5 bits each (BitNet takes 1.58).
CREATE OR REPLACE TEMP MACRO plausible_limits() AS {
  bandwidth_times: 1.25, untimed_window_times: 2, gpus: 16, least_bits: 1.5, ttft_pct: 110, ttft_late_ms: 1000, in_flight_pct: 105, untimed_in_flight_pct: 150, stamp_seconds: 1, decode_pct: 110, latency_times: 10, least_tokens: 32, least_requests: 3,
  most_prompt_tokens: 1000, mean_rate_pct: 150, held_back_pct: 50, asked_pct: 101, duration_off_pct: 10, time_off_hours: 24, rejected_pct: 10
};

-- Whether a model that the catalogue lacks is a mixture of experts, by its name or family: how much of it is read for a token is not known.
CREATE OR REPLACE TEMP MACRO may_be_mixture(name, family) AS regexp_matches(
  concat_ws(' ', name, family),
  'moe|mixtral|[0-9]x[0-9]+b|[-_:]a[0-9.]+b|gpt-?oss|deepseek-?(v[2-9]|[2-9])|deepseek-?r1(:671b|[^:]*$)|llama-?4|qwen3-?(next|coder)|kimi|glm-?[4-9]|minimax|dbrx|grok|jamba|arctic|ernie|hunyuan|step-?3|ling-|granite-?4|nemotron|phi-?3\.5',
  'i'
);

-- Whether several tokens may come of one reading of the weights, by the engine's flags.
CREATE OR REPLACE TEMP MACRO may_guess(flags) AS coalesce(regexp_matches(flags, 'specul|draft|eagle|medusa|ngram|lookahead|mtp|"-md"', 'i'), false);

CREATE OR REPLACE TEMP TABLE plausible_verdicts AS
WITH lines AS (
  SELECT directory, count(*) AS usable_lines
  FROM requests JOIN (SELECT directory, run_id, entry_id FROM directories WHERE rejected_requests > 0) USING (run_id, entry_id)
  GROUP BY ALL
),
told AS (
  SELECT
    benchmark_id, load.*, plausible_limits() AS most, arrival = 'closed' AND load.level = 1 AS alone,
    least(greatest(coalesce((metadata ->> '$.hardware.gpu_count')::INTEGER, 1), 1), plausible_limits().gpus) AS number_of_gpus,
    (metadata ->> '$.hardware.gpu_count')::DOUBLE IS DISTINCT FROM 0 AS has_gpu,
    catalog_gpu(metadata ->> '$.hardware.gpu_name', metadata ->> '$.hardware.gpu_memory_mib') AS gpu,
    metadata ->> '$.model.name' AS model_name,
    size_in_gb(metadata ->> '$.model.size') AS size_told,
    metadata ->> '$.model.quantization' AS quantization_told,
    may_be_mixture(metadata ->> '$.model.name', metadata ->> '$.model.family') AS is_mixture,
    frames_per_token IS NULL AND may_guess(metadata ->> '$.test_config.engine_flags') AS guesses,
    arrival, nullif((metadata ->> '$.test_config.max_tokens')::DOUBLE, 0) AS asked_of_all,
    rejected_requests, 100 * rejected_requests / (rejected_requests + usable_lines) AS rejected_pct,
    utc_in(metadata ->> '$.started_at') AS run_started_at,
    utc_in(metadata ->> '$.completed_at') AS run_ended_at,
    utc_in(collected_at) AS collected_at
  FROM load JOIN directories USING (directory) LEFT JOIN lines USING (directory)
),
sized AS (
  SELECT
    told.*, gpus.memory_bandwidth_gb_s, models.active_parameters / models.parameters AS active_share,
    models.parameters * most.least_bits / 8e9 AS least_size_gb,
    coalesce(
      if(size_told < least_size_gb, NULL, size_told),
      if(quantization_told IS NULL, models.size_gb, models.sizes_gb[quantization_told]),
      least_size_gb
    ) AS size_gb
  FROM told
  LEFT JOIN gpus ON gpus.name = told.gpu
  LEFT JOIN models ON models.name = told.model_name
),
found AS (
  SELECT
    sized.*,
    -- Every token of one request alone needs a reading of all weights that are active; a frame with several tokens needs one as well.
    most.bandwidth_times * memory_bandwidth_gb_s * number_of_gpus
      / (size_gb * coalesce(active_share, if(is_mixture, NULL, 1)) * least(coalesce(frames_per_token, 1), 1))
      AS most_tokens_per_second,
    -- Requests at once share a reading, one token each.
    level * most_tokens_per_second * if(busy_seconds IS NULL, most.untimed_window_times, 1) AS most_throughput,
    busy_seconds / (window_seconds + if(is_stamped, most.stamp_seconds, 0.1)) AS in_flight,
    100 * decode_seconds / nullif(rated_seconds, 0) AS decode_pct,
    100 * abs(latency_seconds / nullif(timed_seconds, 0) - 1) AS duration_off_pct,
    100 * avg_tokens_per_second / summed_tokens_per_second AS mean_rate_pct,
    -- The decoding of each slot's first request may lie before the window of lines that tell no duration.
    (1 - level / nullif(total_requests - total_errors, 0)) * rated_decode_seconds / (window_seconds + most.stamp_seconds) AS decoded_at_once,
    100 * coalesce(tokens_of_asked / asked_tokens, (avg_tokens_per_request - 1) / asked_of_all) AS asked_pct,
    -- From the run's own time to the request that lies farthest from it; a run that tells no end may have gone on for a month, and
    -- none is older than what it could have measured.
    greatest(
      0,
      epoch(greatest(run_started_at, TIMESTAMP '2020-01-01') - first_sent_at),
      epoch(last_ended_at - least(coalesce(run_ended_at, run_started_at + INTERVAL 30 DAY), coalesce(collected_at, run_ended_at)))
    ) / 3600 AS off_hours
  FROM sized
),
crossed AS (
  SELECT benchmark_id, unnest([
    {code: 'beyond_bandwidth', severity: 'fatal', value: avg_tokens_per_second, "limit": most_tokens_per_second, unit: 'tokens/s, against what the memory bandwidth of the GPU allows', crossed: if(has_gpu AND NOT guesses, avg_tokens_per_second > most_tokens_per_second, NULL)},
    {code: 'beyond_bandwidth', severity: 'fatal', value: throughput_tokens_per_second, "limit": most_throughput, unit: 'tokens/s of all requests, against what the memory bandwidth of the GPU allows so many at once', crossed: if(has_gpu AND NOT guesses AND arrival = 'closed', throughput_tokens_per_second > most_throughput, NULL)},
    {code: 'rate_mismatch', severity: 'fatal', value: avg_ttft_ms, "limit": most.ttft_pct / 100 * avg_latency_ms + most.ttft_late_ms, unit: 'ms from when a request was due to its first text, which cannot be longer than to its end', crossed: if(arrival = 'closed', avg_ttft_ms > most.ttft_pct / 100 * avg_latency_ms + most.ttft_late_ms, NULL)},
    {code: 'rate_mismatch', severity: 'fatal', value: decode_pct, "limit": most.decode_pct, unit: '% of the requests'' durations that their tokens take at the recorded tokens/s', crossed: decode_seconds > most.decode_pct / 100 * rated_seconds + if(has_whole_durations, rated_requests, 0)},
    {code: 'rate_mismatch', severity: 'fatal', value: latency_times, "limit": most.latency_times, unit: 'times the time of its tokens at the recorded tokens/s that a request takes (median)', crossed: if(alone AND rated_requests >= most.least_requests AND coalesce(avg_prompt_tokens <= most.most_prompt_tokens, true), latency_times > most.latency_times, NULL)},
    {code: 'rate_mismatch', severity: 'fatal', value: duration_off_pct, "limit": most.duration_off_pct, unit: '% between the requests'' durations and their own times', crossed: duration_off_pct > most.duration_off_pct},
    {code: 'rate_mismatch', severity: 'fatal', value: mean_rate_pct, "limit": most.mean_rate_pct, unit: '% of the decoding speed of all answers together that the mean of their speeds is', crossed: mean_rate_pct > most.mean_rate_pct},
    {code: 'rate_mismatch', severity: 'fatal', value: held_back_pct, "limit": most.held_back_pct, unit: '% of the tokens in answers that were held back and then came at once', crossed: held_back_pct > most.held_back_pct},
    {code: 'token_mismatch', severity: 'fatal', value: asked_pct, "limit": most.asked_pct, unit: 'tokens told for every 100 that were asked for', crossed: asked_pct > most.asked_pct},
    {code: 'overlapping_requests', severity: 'fatal', value: in_flight, "limit": most.in_flight_pct / 100 * level, unit: 'requests in flight on average, by their durations', crossed: if(arrival = 'closed', in_flight > most.in_flight_pct / 100 * level, NULL)},
    {code: 'overlapping_requests', severity: 'fatal', value: decoded_at_once, "limit": most.untimed_in_flight_pct / 100 * level, unit: 'requests decoded at once on average, by their tokens and tokens/s', crossed: if(arrival = 'closed' AND busy_seconds IS NULL, decoded_at_once > most.untimed_in_flight_pct / 100 * level, NULL)},
    {code: 'wrong_time', severity: 'fatal', value: off_hours, "limit": most.time_off_hours, unit: 'h between the requests and the time that the run tells of itself', crossed: off_hours > most.time_off_hours},
    {code: 'rejected_lines', severity: 'fatal', value: rejected_pct, "limit": most.rejected_pct, unit: '% of the lines of requests could not be used', crossed: rejected_requests > 0 AND rejected_pct > most.rejected_pct}
  ], recursive := true)
  FROM found
)
FROM crossed;
