-- Energy for each output token
-- bar: joules_per_output_token, gpu
SELECT gpu, model_name, level, joules_per_output_token, avg_power_draw_w, throughput_tokens_per_second
FROM rankable
WHERE joules_per_output_token IS NOT NULL
ORDER BY joules_per_output_token
LIMIT 50;
