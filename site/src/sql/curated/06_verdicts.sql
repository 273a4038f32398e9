-- Results with a verdict, newest first
SELECT
  started_at, model_name, gpu, level, verdict.code, verdict.severity, verdict.value AS found, verdict."limit", verdict.unit
FROM benchmarks, unnest(verdicts) AS each (verdict)
ORDER BY started_at DESC, model_name, level, verdict.code;
