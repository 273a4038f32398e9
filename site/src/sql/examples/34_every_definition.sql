-- One result by every definition of first token and time per token (almanac.duckdb)
SELECT
  definition, definition_version, ttft_ms.p50 AS p50_ttft_ms, tpot_ms.p50 AS p50_tpot_ms, itl_ms.p50 AS p50_itl_ms,
  tokens_per_second_per_user, output_tokens_per_second
FROM definitions
WHERE id = (SELECT arg_max(id, requests) FROM as_almanac)
ORDER BY definition;
