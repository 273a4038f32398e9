-- What failed, at which stage and why (CSV)
SELECT run_id, entry_id, failure_stage, failure_code, failure_reason
FROM read_csv('benchmark_manifest.csv', all_varchar = true)
WHERE status = 'failed'
ORDER BY run_id, entry_id;
