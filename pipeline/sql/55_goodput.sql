-- Requests a second of each benchmark within the limits of every tier; no row where no time to first token is known.

CREATE OR REPLACE TEMP TABLE goodput AS
WITH kept AS (
  SELECT
    benchmark_id, position,
    countif(meets_slo(ttft_ms, tpot_ms, most_ttft_ms, most_tpot_ms)) AS requests
  FROM requests CROSS JOIN slo_tiers
  WHERE phase = 'measure' AND NOT failed AND ttft_ms IS NOT NULL
  GROUP BY ALL
)
SELECT
  benchmark_id,
  list({tier: tier, requests_per_second: requests / nullif(window_seconds, 0)} ORDER BY position) AS goodput
FROM kept JOIN slo_tiers USING (position) JOIN load USING (benchmark_id)
GROUP BY ALL;
