-- The fastest GPU, for each model
-- bar: tokens_per_second, model_name
SELECT model_name, gpu, gpu_count, runtime, rate_tokens_per_second AS tokens_per_second
FROM rankable
WHERE level = 1
QUALIFY row_number() OVER (PARTITION BY model_name ORDER BY rate_tokens_per_second DESC, id) = 1
ORDER BY tokens_per_second DESC;
