-- What became of the planned tests
SELECT run_id, status, failure_stage, failure_code, count(*) AS entries, round(sum(total_cost), 3) AS dollars, any_value(failure_reason) AS a_reason
FROM benchmark_manifest
GROUP BY ALL
ORDER BY run_id DESC, entries DESC, status;
