-- Why results are not fully valid (CSV)
SELECT verdict ->> 'code' AS verdict, verdict ->> 'severity' AS severity, count(*) AS benchmarks
FROM (SELECT unnest(from_json(verdicts, '["JSON"]')) AS verdict FROM read_csv('benchmarks.csv'))
GROUP BY ALL
ORDER BY benchmarks DESC, verdict;
