-- The figures of each benchmark as every tool would print them, the almanac's own first. Without $id: of all benchmarks.
SELECT
  id,
  to_json(list({
    definition: definition, definition_version: definition_version, requests: requests,
    ttft_ms: ttft_ms, ttfa_ms: ttfa_ms, tpot_ms: tpot_ms, itl_ms: itl_ms, icl_ms: icl_ms, e2el_ms: e2el_ms,
    tokens_per_second_per_user: tokens_per_second_per_user, output_tokens_per_second: output_tokens_per_second,
    requests_per_second: requests_per_second
  } ORDER BY definition <> 'almanac', definition)) AS definitions
FROM definitions
WHERE $id::VARCHAR IS NULL OR id = $id
GROUP BY id;
