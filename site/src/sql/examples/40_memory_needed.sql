-- How much GPU memory each model took (Parquet)
SELECT model_name, quantization, runtime, max(max_memory_used_mib) / 1024 AS most_memory_used_gib
FROM 'benchmarks.parquet'
WHERE max_memory_used_mib IS NOT NULL
GROUP BY ALL
ORDER BY most_memory_used_gib;
