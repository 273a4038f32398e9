-- One run, or all without $run_id, with what became of its entries; newest first.
SELECT
  run_id, count(*)::INTEGER AS entries,
  count(*) FILTER (status = 'success')::INTEGER AS succeeded,
  count(*) FILTER (status IN ('failed', 'timeout'))::INTEGER AS failed,
  count(*) FILTER (status = 'skipped')::INTEGER AS skipped,
  sum(total_cost) AS total_cost, bool_or(simulated) AS simulated,
  strftime(min(started_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS started_at, strftime(max(ended_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS ended_at
FROM benchmark_manifest WHERE $run_id::VARCHAR IS NULL OR run_id = $run_id
GROUP BY run_id ORDER BY run_id DESC;
