-- SGLang's bench_serving over its native /generate, version 1: as over the OpenAI route (as_sglang.sql) but for ITL.
-- Assumed: the first chunk of a request holds one token, the others an equal share of the rest; our rows have the tokens of a
-- request, not those of a chunk.
INSERT INTO definitions BY NAME
WITH token_gaps AS (
  -- python/sglang/benchmark/serving.py: the gap before a chunk is split evenly over its new tokens.
  SELECT id, unnest(gaps_us) / 1e3 / ((tok - 1) / len(gaps_us)) AS gap_ms
  FROM timed_chunks
  WHERE tok > 1
),
itl AS (
  -- python/sglang/benchmark/metrics.py: pooled over requests.
  SELECT id, linear_spread(gap_ms) AS itl_ms FROM token_gaps GROUP BY ALL
)
SELECT
  definitions.* REPLACE ('sglang_native' AS definition, 1 AS definition_version, itl.itl_ms AS itl_ms)
FROM definitions JOIN itl USING (id)
WHERE definition = 'sglang';
