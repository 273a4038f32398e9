-- The figures of each benchmark that come from its request lines. Requests stopped by the user count as neither success nor error.
-- Variable: cut_ends (CUT_ENDS of schema/ends.ts).

-- Whether an answer was held back before it came: many pieces at once, and all of them in a small part of the time that it was waited
-- for. Engines that decode several steps at a time send eight to ten pieces at once.
CREATE OR REPLACE TEMP MACRO is_held_back(frames, reads, decode_ns, wait_ns) AS
  CASE WHEN frames >= 16 * reads AND reads > 0 THEN coalesce(10 * decode_ns < wait_ns, false) WHEN reads > 0 THEN false END;

CREATE OR REPLACE TEMP TABLE load AS
WITH measured AS NOT MATERIALIZED (
  SELECT
    *, NOT failed AS good, last_token_ns - first_token_ns AS decode_ns,
    engine_decode_ns > 0 AND decode_tok > 0 AND decode_ns > 0 AS is_told,
    -- Cut off at the length that was asked for, and not ended by itself.
    list_contains(getvariable('cut_ends'), replace(lower(stop), '-', '_')) AS is_cut,
    tokens_per_second IS NOT NULL AND decode_tok > 0 AS is_rated,
    -- Figures over some of the requests are of columns that are null in the others: a FILTER for each takes DuckDB far longer.
    if(is_told, tok, NULL) AS told_tok, if(is_rated, decode_tok, NULL) AS rated_tok, if(is_rated, latency_ms, NULL) AS rated_ms,
    rated_tok / tokens_per_second AS rated_decode_seconds,
    -- Some engines tell one token more than they were asked for.
    if(asked_tok > 0, tok - 1, NULL) AS tok_of_asked,
    frames > 0 AND tok > 0 AS is_framed, end_ns - sent_ns AS timed_ns,
    (coalesce(latency_ms, 0) * 1e3)::BIGINT AS latency_us, epoch_us(sent_at) + latency_us AS ended_us,
    is_held_back(frames, reads, decode_ns, first_token_ns - sent_ns) AS is_held_back,
    coalesce(level > 1 AND n < burst_n + level, false) AS is_in_burst
  FROM requests JOIN (SELECT benchmark_id, burst_n FROM windows) USING (benchmark_id)
  WHERE phase = 'measure' AND error_class IS DISTINCT FROM 'stopped'
),
-- All requests. A machine's clock that ran away from its monotonic clock was set meanwhile.
asked AS (
  SELECT
    benchmark_id,
    min(sent_at) AS first_sent_at,
    make_timestamp(max(ended_us)) AS last_ended_at,
    coalesce(max(end_ns) / 1e9, epoch(last_ended_at - first_sent_at)) AS window_seconds,
    count(*) AS total_requests,
    countif(failed) AS total_errors,
    countif(error_class = 'truncated') AS total_truncated,
    sum(coalesce(latency_ms, timed_ns / 1e6)) / 1e3 AS busy_seconds,
    count(sent_ns) = 0 AND bool_and(ended_us % 1000000 = 0) AS is_stamped,
    max(epoch(sent_at) - sent_ns / 1e9) - min(epoch(sent_at) - sent_ns / 1e9) AS clock_skew_seconds
  FROM measured GROUP BY ALL
),
-- Those that succeeded.
answered AS (
  SELECT
    benchmark_id,
    if(count(tok_from) > 0, countif(tok_from = 'frames'), NULL) AS total_frames_counted,
    sum(tok)::BIGINT AS total_tokens,
    sum(prompt_tok)::BIGINT AS total_prompt_tokens,
    sum(cached_tok)::BIGINT AS total_cached_tokens,
    quantile_disc(cached_tok, 0.5) AS shared_cached_tokens,
    avg(tok) AS avg_tokens_per_request,
    avg(asked_tok) AS avg_asked_tokens,
    avg(if(is_cut, tok, NULL)) AS avg_cut_tokens,
    avg(if(is_cut, asked_tok, NULL)) AS avg_cut_asked_tokens,
    avg(tokens_per_second) AS avg_tokens_per_second,
    min(tokens_per_second) AS min_tokens_per_second,
    max(tokens_per_second) AS max_tokens_per_second,
    quantile_cont(tokens_per_second, [0.5, 0.95, 0.99]) AS tokens_per_second,
    avg(latency_ms) AS avg_latency_ms,
    min(latency_ms) AS min_latency_ms,
    max(latency_ms) AS max_latency_ms,
    quantile_cont(latency_ms, [0.5, 0.95, 0.99]) AS latency_ms,
    -- Of many requests that begin at once the last waits for the prompts of all.
    max(if(is_in_burst, NULL, ttft_from_sent_ms)) AS max_ttft_from_sent_ms,
    median(ttft_from_sent_ms) AS median_ttft_from_sent_ms,
    max(end_ns - last_token_ns) / 1e6 AS max_ending_ms,
    median(end_ns - last_token_ns) / 1e6 AS median_ending_ms,
    100 * countif(NOT same_model) / nullif(count(same_model), 0) AS other_model_pct,
    -- What decoding took by the client's times and by the engine's, over the requests of which both are known. An engine counts the
    -- tokens of that time, or the steps between them, one less.
    sum(if(is_told, decode_tok, NULL)) / sum(if(is_told, decode_ns, NULL)) AS decoded_per_ns,
    sum(if(is_told, engine_decode_ns, NULL)) AS told_ns,
    sum(told_tok) / told_ns AS told_tokens_per_ns,
    (sum(told_tok) - count(told_tok)) / told_ns AS told_steps_per_ns,
    avg(ttft_ms) AS avg_ttft_ms,
    quantile_cont(ttft_ms, [0.5, 0.95, 0.99]) AS ttft_ms,
    quantile_cont(ttfa_ms, [0.5, 0.95, 0.99]) AS ttfa_ms,
    avg(tpot_ms) AS avg_tpot_ms,
    quantile_cont(tpot_ms, [0.5, 0.95, 0.99]) AS tpot_ms,
    -- What durations, tokens and rates say of each other (68_plausible_verdicts.sql).
    total_prompt_tokens / nullif(count(prompt_tok), 0) AS avg_prompt_tokens,
    sum(if(is_framed, frames, NULL)) / sum(if(is_framed, tok, NULL)) AS frames_per_token,
    sum(if(latency_ms IS NULL, NULL, rated_decode_seconds)) AS decode_seconds,
    sum(rated_ms) / 1e3 AS rated_seconds,
    count(rated_ms) AS rated_requests,
    sum(rated_decode_seconds) AS rated_decode_seconds,
    sum(rated_tok) / sum(rated_decode_seconds) AS summed_tokens_per_second,
    100 * sum(rated_tok * is_held_back::INTEGER) / sum(rated_tok) AS held_back_pct,
    sum(tok_of_asked) AS tokens_of_asked,
    sum(if(tok_of_asked IS NULL, NULL, asked_tok)) AS asked_tokens,
    bool_and(latency_us % 1000000 = 0) AS has_whole_durations,
    median(latency_ms * tokens_per_second / 1e3 / decode_tok) FILTER (first_text_ns IS NULL AND is_rated AND tok >= 32) AS latency_times,
    sum(if(latency_ms IS NULL, NULL, timed_ns)) / 1e9 AS timed_seconds,
    sum(if(timed_ns IS NULL, NULL, latency_ms)) / 1e3 AS latency_seconds
  FROM measured WHERE good GROUP BY ALL
),
figures AS (
  SELECT * REPLACE (coalesce(total_tokens, 0) AS total_tokens)
  FROM asked LEFT JOIN answered USING (benchmark_id)
),
-- What needs the whole level first: drift between its halves, and cached tokens beyond the prefix that requests share,
-- which is a chat template's own.
beside AS (
  SELECT
    benchmark_id,
    sum(CASE WHEN cached_tok IS NOT NULL THEN greatest(cached_tok - shared_cached_tokens, 0) END) AS cached_beyond_shared,
    avg(if(sent_at < middle, tokens_per_second, NULL)) AS first_half,
    avg(if(sent_at >= middle, tokens_per_second, NULL)) AS second_half
  FROM measured
  JOIN (
    SELECT benchmark_id, shared_cached_tokens, first_sent_at + (last_ended_at - first_sent_at) / 2 AS middle FROM figures
  ) USING (benchmark_id)
  WHERE good GROUP BY ALL
),
prompts AS (
  SELECT benchmark_id, list(prompt ORDER BY prompt) AS prompt_types
  FROM (SELECT DISTINCT benchmark_id, prompt FROM measured WHERE prompt IS NOT NULL) GROUP BY ALL
)
SELECT
  figures.*, directory, level,
  coalesce(prompt_types, []) AS prompt_types,
  total_errors / total_requests AS error_rate,
  60 * (total_requests - total_errors) / nullif(window_seconds, 0) AS requests_per_minute,
  settle_tokens,
  (total_tokens + settle_tokens) / nullif(window_seconds, 0) AS throughput_tokens_per_second,
  steady_throughput_tokens_per_second, achieved_request_rate, repeat_requests,
  100 * abs(repeat_tokens_per_second / avg_tokens_per_second - 1) AS repeat_drift_pct,
  100 * abs(second_half / first_half - 1) AS drift_pct,
  100 * total_cached_tokens / nullif(total_prompt_tokens, 0) AS cached_pct,
  100 * cached_beyond_shared / nullif(total_prompt_tokens, 0) AS cached_beyond_shared_pct,
  CASE WHEN decoded_per_ns IS NOT NULL THEN 100 * greatest(
    decoded_per_ns / told_tokens_per_ns - 1, 1 - decoded_per_ns / nullif(told_steps_per_ns, 0), 0
  ) END AS decode_off_pct
FROM figures
JOIN levels USING (benchmark_id)
JOIN windows USING (benchmark_id)
LEFT JOIN beside USING (benchmark_id)
LEFT JOIN prompts USING (benchmark_id);
