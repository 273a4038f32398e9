-- One result by every tool's definition
-- bar: p50_tpot_ms, definition
SELECT definition, definition_version, ttft_ms.p50 AS p50_ttft_ms, tpot_ms.p50 AS p50_tpot_ms, itl_ms.p50 AS p50_itl_ms, tokens_per_second_per_user
FROM definitions
WHERE id = (SELECT arg_max(id, requests) FROM as_almanac)
ORDER BY definition;
