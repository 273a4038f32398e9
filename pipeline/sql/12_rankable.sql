-- What may be ranked, priced and recommended. A view of the table alone: the browser's DuckDB has no JSON.
CREATE VIEW rankable AS
SELECT * FROM benchmarks WHERE may_be_ranked;

-- The same for one model at one load level (default 1), with the API's objects, narrowed by a part of the GPU's name, a provider, a runtime; null means any.
CREATE MACRO rankable_for(wanted_model, wanted_level, wanted_gpu, wanted_provider, wanted_runtime) AS TABLE
SELECT * FROM answers
WHERE may_be_ranked
  AND model_name = wanted_model
  AND level = coalesce(wanted_level, 1)
  AND (wanted_gpu IS NULL OR contains(lower(gpu_name), lower(wanted_gpu)) OR contains(lower(gpu), lower(wanted_gpu)))
  AND (wanted_provider IS NULL OR provider = wanted_provider)
  AND (wanted_runtime IS NULL OR runtime = wanted_runtime);
