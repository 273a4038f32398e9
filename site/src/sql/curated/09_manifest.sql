-- What became of the planned tests
SELECT run_id, status, failure_stage, count(*) AS entries, any_value(failure_reason) AS a_reason
FROM manifest
GROUP BY ALL
ORDER BY run_id DESC, entries DESC, status;
