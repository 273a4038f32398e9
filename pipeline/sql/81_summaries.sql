-- Results known only as figures: what was published or submitted, the rest null. Variables: summaries (JSON list), its structure
-- (summary_structure, made from the zod schema).

INSERT INTO benchmarks BY NAME
WITH told AS (
  SELECT unnest(from_json(getvariable('summaries'), getvariable('summary_structure')), recursive := true)
),
facts AS (
  SELECT
    told.* EXCLUDE (name, "timestamp", concurrent_reqs, weights, prompt_types, window_seconds, duration_minutes),
    coalesce(window_seconds / 60, told.duration_minutes) AS duration_minutes,
    "timestamp"::TIMESTAMPTZ AT TIME ZONE 'UTC' AS started_at, told.name AS model_name, coalesce(weights, 'real') AS weights,
    'closed' AS arrival, coalesce(concurrent_reqs, 1) AS level, coalesce(prompt_types, []) AS prompt_types,
    coalesce(gpu_memory_mib / 1024, gpus.memory_gib) * coalesce(gpu_count, 1) AS memory_available_gib,
    context_of(runtime, memory_available_gib, models.context_length) AS context_tokens,
    needed_gib(coalesce(told.size_gb, models.size_gb), models.kv_bytes_per_token, context_tokens) AS memory_needed_gib,
    memory_needed_gib <= memory_available_gib AS fits
  FROM told LEFT JOIN gpus ON gpus.name = told.gpu LEFT JOIN models ON models.name = told.name
)
SELECT
  *, evidence_id || '-c' || level_text(level) AS id, false AS fatal, [] AS files, 0 AS rejected_lines,
  if(fits = false, [{
    code: 'exceeds_vram', severity: 'advisory', value: memory_needed_gib, "limit": memory_available_gib, unit: 'GiB of GPU memory'
  }], []) AS verdicts
FROM facts
ORDER BY id;
