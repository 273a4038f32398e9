-- A load level as it stands in ids, every digit of it: 16, 0.5. Nearly all are whole, whose text is had several times faster.
CREATE MACRO level_text(level) AS
  CASE WHEN level BETWEEN 0 AND 1e15 AND level = floor(level) THEN level::BIGINT::VARCHAR
       ELSE regexp_replace(level::DOUBLE::VARCHAR, '\.0$', '') END;

-- A name by which workloads are told apart. One that is not told counts as the standard one, which sorts before all others.
CREATE MACRO workload_key(workload) AS if(coalesce(workload, 'standard') = 'standard', '', workload);

-- What may be ranked, priced and recommended over all models: results of the standard workload. A view of the table alone: the
-- browser's DuckDB has no JSON.
CREATE VIEW rankable AS
SELECT * FROM benchmarks WHERE may_be_ranked AND workload_key(workload) = '';

-- What may be ranked of one model at one load level (default 1) under one workload (default standard), narrowed by a part of the GPU's
-- name, a provider, a runtime; null means any. Without the API's objects: to plan for them takes longer than all else.
CREATE MACRO rankable_for(wanted_model, wanted_level, wanted_workload, wanted_gpu, wanted_provider, wanted_runtime) AS TABLE
SELECT * FROM benchmarks
WHERE may_be_ranked
  AND model_name = wanted_model
  AND level = coalesce(wanted_level, 1)
  AND workload_key(workload) = workload_key(wanted_workload)
  AND (wanted_gpu IS NULL OR contains(lower(gpu_name), lower(wanted_gpu)) OR contains(lower(gpu), lower(wanted_gpu)))
  AND (wanted_provider IS NULL OR provider = wanted_provider)
  AND (wanted_runtime IS NULL OR runtime = wanted_runtime);
