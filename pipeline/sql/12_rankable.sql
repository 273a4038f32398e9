-- What may be ranked, priced and recommended: measured by us, published or submitted, on known hardware, free of fatal verdicts, few errors.
-- A view of the table alone: the browser's DuckDB has no JSON.
CREATE VIEW rankable AS
SELECT * FROM benchmarks
WHERE NOT fatal AND coalesce(error_rate, 0) < 0.1 AND gpu_name <> 'unknown' AND origin NOT IN ('simulated', 'imported') AND rate_tokens_per_second IS NOT NULL;

-- The same for one model at one load level (default 1), with the API's objects, narrowed by a part of the GPU's name, a provider, a runtime; null means any.
CREATE MACRO rankable_for(wanted_model, wanted_level, wanted_gpu, wanted_provider, wanted_runtime) AS TABLE
SELECT * FROM answers SEMI JOIN rankable USING (id)
WHERE model_name = wanted_model
  AND level = coalesce(wanted_level, 1)
  AND (wanted_gpu IS NULL OR contains(lower(gpu_name), lower(wanted_gpu)) OR contains(lower(gpu), lower(wanted_gpu)))
  AND (wanted_provider IS NULL OR provider = wanted_provider)
  AND (wanted_runtime IS NULL OR runtime = wanted_runtime);
