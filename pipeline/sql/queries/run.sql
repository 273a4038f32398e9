-- The manifest of one run, or of all without $run_id, with the benchmarks that each entry gave.
SELECT
  benchmark_manifest.* REPLACE (
    strftime(started_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS started_at, strftime(ended_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS ended_at
  ),
  coalesce(given.ids, []) AS benchmarks
FROM benchmark_manifest
LEFT JOIN (
  SELECT run_id, entry_id, list(id ORDER BY level) AS ids FROM benchmarks GROUP BY ALL
) AS given USING (run_id, entry_id)
WHERE $run_id::VARCHAR IS NULL OR run_id = $run_id
ORDER BY run_id DESC, entry_id;
