-- Whether the model of each benchmark lay in GPU memory: as the engine said, else by its size (14_fit.sql).

CREATE OR REPLACE TEMP TABLE memory AS
WITH told AS (
  SELECT
    benchmark_id, arrival, level, max_tokens, avg_prompt_tokens, vram_bytes, loaded_bytes, runtime, context_told,
    nullif(gpu_count * gpu_memory_mib, 0) / 1024 AS available_gib,
    coalesce(size_told, models.size_gb) AS size_gb, context_length, kv_bytes_per_token
  FROM (
    SELECT
      benchmark_id, arrival, level,
      total_prompt_tokens / nullif(total_requests - total_errors, 0) AS avg_prompt_tokens,
      (metadata ->> '$.test_config.max_tokens')::DOUBLE AS max_tokens,
      (metadata ->> '$.model.size_vram_bytes')::DOUBLE AS vram_bytes,
      (metadata ->> '$.model.size_loaded_bytes')::DOUBLE AS loaded_bytes,
      (metadata ->> '$.model.context_tokens')::DOUBLE AS context_told,
      (metadata ->> '$.hardware.gpu_count')::INTEGER AS gpu_count,
      (metadata ->> '$.hardware.gpu_memory_mib')::DOUBLE AS gpu_memory_mib,
      metadata ->> '$.model.runtime' AS runtime,
      metadata ->> '$.model.name' AS model_name,
      size_in_gb(metadata ->> '$.model.size') AS size_told
    FROM load JOIN directories USING (directory)
  ) LEFT JOIN models ON models.name = model_name
),
needed AS (
  SELECT
    *,
    coalesce(context_told, context_of(runtime, available_gib, context_length), (avg_prompt_tokens + max_tokens) * if(arrival = 'closed', level, NULL))
      AS context_tokens
  FROM told
)
SELECT
  benchmark_id, context_tokens,
  needed_gib(size_gb, kv_bytes_per_token, context_tokens) AS memory_needed_gib,
  available_gib AS memory_available_gib,
  CASE WHEN available_gib > 0
    THEN coalesce(vram_bytes >= loaded_bytes, needed_gib(size_gb, kv_bytes_per_token, context_tokens) <= available_gib)
  END AS fits,
  loaded_bytes IS NULL AND fits = false AS exceeds_vram
FROM needed;
