-- The workload by which a model is ranked unless another is asked for: the standard one; of a model without it the first by name.
SELECT min(workload_key(workload)) AS workload FROM benchmarks
WHERE may_be_ranked AND model_name = $model AND level = coalesce($concurrency::DOUBLE, 1);
