-- Directories of the batch with GPU samples of which none lies in the window of any of its benchmarks.
SELECT run_id || '/' || entry_id AS raw_dir
FROM directories
WHERE directory IN (SELECT directory FROM gpu_lines)
  AND directory NOT IN (SELECT directory FROM load JOIN telemetry USING (benchmark_id))
ORDER BY raw_dir;
