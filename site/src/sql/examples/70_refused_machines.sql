-- How many machines of each provider were refused before anything was measured, why, and what that cost (almanac.duckdb)
SELECT
  provider, count(*) AS machines, count(*) FILTER (refused) AS refused,
  round(100 * avg(refused::INTEGER), 1) AS refused_pct, round(sum(total_cost) FILTER (refused), 2) AS dollars_lost,
  list(DISTINCT end_code) FILTER (refused) AS reasons
FROM machines
WHERE state <> 'not_created' AND price_per_hour IS NOT NULL AND NOT simulated
GROUP BY provider
ORDER BY refused_pct DESC;
