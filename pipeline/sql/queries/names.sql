-- Every model, GPU, provider, runtime and workload with its number of benchmarks.
SELECT 'models' AS family, model_name AS name, count(*) AS benchmarks FROM benchmarks GROUP BY ALL
UNION ALL SELECT 'gpus', gpu, count(*) FROM benchmarks GROUP BY ALL
UNION ALL SELECT 'providers', provider, count(*) FROM benchmarks GROUP BY ALL
UNION ALL SELECT 'runtimes', runtime, count(*) FROM benchmarks WHERE runtime IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'workloads', coalesce(workload, 'standard'), count(*) FROM benchmarks GROUP BY ALL
ORDER BY family, name;
