-- What the load of each benchmark was while it was on, from the lines of all its phases: requests that were sent before the window
-- (settle) bring tokens inside it, and the first level measured once more (repeat) shows drift.

-- Tokens that came from 0 to `until_ns` (null: without end), when they came evenly between the first and the last.
CREATE OR REPLACE TEMP MACRO tokens_within(tok, first_ns, last_ns, until_ns) AS
  CASE WHEN last_ns > first_ns THEN tok * greatest(0, least(last_ns, until_ns) - greatest(first_ns, 0)) / (last_ns - first_ns)
       WHEN first_ns >= 0 AND coalesce(first_ns <= until_ns, true) THEN tok
       WHEN first_ns IS NOT NULL THEN 0 END;

CREATE OR REPLACE TEMP TABLE windows AS
WITH told AS (
  SELECT
    directory,
    unnest(from_json(metadata -> '$.summary.levels', '[{
      "level": "DOUBLE", "phase": "VARCHAR", "planned_seconds": "DOUBLE", "load_seconds": "DOUBLE", "interrupted": "BOOLEAN"
    }]'), recursive := true)
  FROM directories
),
-- Agents of before told the planned window alone, which holds where a level was not interrupted.
spans AS (
  SELECT
    benchmark_id,
    nullif(any_value(coalesce(load_seconds, if(interrupted, NULL, planned_seconds))), 0) AS load_seconds
  FROM told JOIN levels USING (directory, level) WHERE coalesce(phase, 'measure') = 'measure'
  GROUP BY ALL HAVING count(*) = 1
),
loads AS (
  SELECT
    benchmark_id, load_seconds, min(sent_at) AS asked_at, max(n) FILTER (phase = 'measure') AS last_n,
    -- Without a settling load, requests of a closed loop begin all at once.
    if(countif(phase = 'settle') = 0, min(n) FILTER (phase = 'measure'), NULL) AS burst_n,
    count(*) FILTER (phase = 'measure') AS sent_requests,
    sum(tokens_within(tok, first_token_ns, last_token_ns, NULL)) FILTER (phase = 'settle' AND NOT failed) AS settle_tokens,
    sum(tokens_within(tok, first_token_ns, last_token_ns, load_seconds * 1e9)) FILTER (phase IN ('measure', 'settle') AND NOT failed)
      AS steady_tokens,
    count(*) FILTER (phase = 'repeat' AND NOT failed) AS repeat_requests,
    avg(tokens_per_second) FILTER (phase = 'repeat' AND NOT failed) AS repeat_tokens_per_second
  FROM requests LEFT JOIN spans USING (benchmark_id)
  GROUP BY ALL
)
SELECT
  benchmark_id, asked_at, last_n, burst_n, coalesce(settle_tokens, 0) AS settle_tokens, repeat_requests, repeat_tokens_per_second,
  steady_tokens / load_seconds AS steady_throughput_tokens_per_second,
  sent_requests / load_seconds AS achieved_request_rate
FROM loads;
