-- The figures of each benchmark that come from its request lines. Requests stopped by the user count as neither success nor error.

CREATE OR REPLACE TEMP TABLE load AS
WITH measured AS (
  SELECT
    directory, level, failed, NOT failed AS good, error_class, sent_at, end_ns, tok, tok_from,
    prompt_tok, cached_tok, tokens_per_second, latency_ms, ttft_ms, ttfa_ms, tpot_ms, prompt, sent_at + to_microseconds((coalesce(latency_ms, 0) * 1e3)::BIGINT) AS ended_at
  FROM request_lines
  WHERE phase = 'measure' AND error_class IS DISTINCT FROM 'stopped'
),
figures AS (
  SELECT
    directory, level,
    min(sent_at) AS first_sent_at, max(ended_at) AS last_ended_at,
    coalesce(max(end_ns) / 1e9, epoch(max(ended_at) - min(sent_at))) AS window_seconds,
    count(*) AS total_requests,
    count(*) FILTER (failed) AS total_errors,
    count(*) FILTER (error_class = 'truncated') AS total_truncated,
    if(count(tok_from) > 0, count(*) FILTER (good AND tok_from = 'frames'), NULL) AS total_frames_counted,
    coalesce(sum(tok) FILTER (good), 0)::BIGINT AS total_tokens,
    (sum(prompt_tok) FILTER (good))::BIGINT AS total_prompt_tokens,
    (sum(cached_tok) FILTER (good))::BIGINT AS total_cached_tokens,
    quantile_disc(cached_tok, 0.5) FILTER (good) AS shared_cached_tokens,
    avg(tok) FILTER (good) AS avg_tokens_per_request,
    avg(tokens_per_second) FILTER (good) AS avg_tokens_per_second,
    min(tokens_per_second) FILTER (good) AS min_tokens_per_second,
    max(tokens_per_second) FILTER (good) AS max_tokens_per_second,
    quantile_cont(tokens_per_second, [0.5, 0.95, 0.99]) FILTER (good) AS tokens_per_second,
    avg(latency_ms) FILTER (good) AS avg_latency_ms,
    min(latency_ms) FILTER (good) AS min_latency_ms,
    max(latency_ms) FILTER (good) AS max_latency_ms,
    quantile_cont(latency_ms, [0.5, 0.95, 0.99]) FILTER (good) AS latency_ms,
    avg(ttft_ms) FILTER (good) AS avg_ttft_ms,
    quantile_cont(ttft_ms, [0.5, 0.95, 0.99]) FILTER (good) AS ttft_ms,
    quantile_cont(ttfa_ms, [0.5, 0.95, 0.99]) FILTER (good) AS ttfa_ms,
    avg(tpot_ms) FILTER (good) AS avg_tpot_ms,
    quantile_cont(tpot_ms, [0.5, 0.95, 0.99]) FILTER (good) AS tpot_ms
  FROM measured GROUP BY ALL
),
-- What needs the whole level first: drift between its halves, and cached tokens beyond the prefix that requests share,
-- which is a chat template's own.
beside AS (
  SELECT
    directory, level,
    sum(greatest(cached_tok - shared_cached_tokens, 0)) AS cached_beyond_shared,
    avg(tokens_per_second) FILTER (sent_at < middle) AS first_half,
    avg(tokens_per_second) FILTER (sent_at >= middle) AS second_half
  FROM measured
  JOIN (
    SELECT directory, level, shared_cached_tokens, first_sent_at + (last_ended_at - first_sent_at) / 2 AS middle FROM figures
  ) USING (directory, level)
  WHERE good GROUP BY ALL
),
prompts AS (
  SELECT directory, level, list(prompt ORDER BY prompt) AS prompt_types
  FROM (SELECT DISTINCT directory, level, prompt FROM measured WHERE prompt IS NOT NULL) GROUP BY ALL
)
SELECT
  benchmark_id, figures.*,
  coalesce(prompt_types, []) AS prompt_types,
  total_errors / total_requests AS error_rate,
  60 * (total_requests - total_errors) / nullif(window_seconds, 0) AS requests_per_minute,
  total_tokens / nullif(window_seconds, 0) AS throughput_tokens_per_second,
  100 * abs(second_half / first_half - 1) AS drift_pct,
  100 * total_cached_tokens / nullif(total_prompt_tokens, 0) AS cached_pct,
  100 * cached_beyond_shared / nullif(total_prompt_tokens, 0) AS cached_beyond_shared_pct
FROM figures
JOIN levels USING (directory, level)
LEFT JOIN beside USING (directory, level)
LEFT JOIN prompts USING (directory, level);
