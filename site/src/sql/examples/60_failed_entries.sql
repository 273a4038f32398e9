-- What failed, at which stage and why (CSV)
SELECT run_id, entry_id, failure_stage, failure_reason
FROM read_csv('manifest.csv', all_varchar = true)
WHERE status = 'failed'
ORDER BY run_id, entry_id;
