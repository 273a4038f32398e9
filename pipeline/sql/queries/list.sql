-- Benchmarks that match, newest first. Without $limit: all of them.
SELECT result, cost_analysis
FROM answers
WHERE ($model::VARCHAR IS NULL OR model_name = $model)
  AND ($gpu::VARCHAR IS NULL OR contains(lower(gpu_name), lower($gpu)) OR contains(lower(gpu), lower($gpu)))
  AND ($provider::VARCHAR IS NULL OR provider = $provider)
  AND ($runtime::VARCHAR IS NULL OR runtime = $runtime)
  AND ($concurrency::DOUBLE IS NULL OR (arrival = 'closed' AND level = $concurrency))
  AND ($workload::VARCHAR IS NULL OR workload_key(workload) = workload_key($workload))
ORDER BY started_at DESC, id
LIMIT $limit;
