-- The gaps between frames with text of each benchmark, over all gaps of its measured requests that succeeded. An engine may
-- put several tokens into a frame: a gap is then longer than the time per output token.

CREATE OR REPLACE TEMP TABLE inter_token AS
SELECT
  benchmark_id,
  avg(gap_us) / 1e3 AS avg_itl_ms,
  list_transform(quantile_cont(gap_us, [0.5, 0.95, 0.99]), lambda gap: gap / 1e3) AS itl_ms,
  max(gap_us) / 1e3 AS max_itl_ms
FROM (
  SELECT benchmark_id, unnest(gaps_us) AS gap_us
  FROM chunks SEMI JOIN (SELECT * FROM requests WHERE phase = 'measure' AND NOT failed) USING (benchmark_id, phase, n)
)
GROUP BY ALL;
