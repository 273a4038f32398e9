-- Whether a model fits into GPU memory: weights, keys and values of the context that the engine keeps,
-- and what driver and engine need besides.

-- The context that an engine keeps memory for where none is asked for, tokens; null when its rule is not known. Ollama's goes by
-- the memory of all GPUs (docs/context-length and server/routes.go of Ollama) and is cut to the model's own length.
CREATE MACRO context_of(runtime, available_gib, context_length) AS
  CASE WHEN runtime = 'ollama' AND available_gib > 0 THEN least(
    context_length, CASE WHEN available_gib >= 47 THEN 262144 WHEN available_gib >= 23 THEN 32768 ELSE 4096 END
  ) END;

-- GiB for weights of size_gb GB, a context of so many tokens, and 1 GiB that driver and engine take for themselves.
CREATE MACRO needed_gib(size_gb, kv_bytes_per_token, context_tokens) AS
  (size_gb * 1e9 + kv_bytes_per_token * context_tokens) / 1073741824 + 1;

-- GB that a text tells: bytes, or 4.4 GB.
CREATE MACRO told_gb(told) AS coalesce(
  try_cast(told AS DOUBLE) / 1e9,
  try_cast(regexp_extract(told, '^\s*([0-9.]+)\s*([KMGT])i?B?\s*$', 1, 'i') AS DOUBLE)
    * CASE upper(regexp_extract(told, '([KMGT])i?B?\s*$', 1, 'i'))
        WHEN 'K' THEN 1e-6 WHEN 'M' THEN 1e-3 WHEN 'G' THEN 1 WHEN 'T' THEN 1e3 END
);

-- The size of a model that metadata tells, GB; null for less than a megabyte, which no model has.
CREATE MACRO size_in_gb(told) AS if(told_gb(told) >= 0.001 AND isfinite(told_gb(told)), told_gb(told), NULL);
