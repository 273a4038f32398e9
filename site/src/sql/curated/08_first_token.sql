-- How long until the first token
-- bar: p50_ttft_ms, gpu
SELECT gpu, model_name, level, runtime, p50_ttft_ms, p95_ttft_ms, p99_ttft_ms
FROM rankable
WHERE p50_ttft_ms IS NOT NULL
ORDER BY p50_ttft_ms
LIMIT 50;
