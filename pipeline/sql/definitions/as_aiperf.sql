-- AIPerf, version 1; genai-perf's figures are the same where it has them.
-- Assumed: it counts tokens with a local tokenizer (OSL), which is recount_tok of our rows, else the engine's count.
INSERT INTO definitions BY NAME
WITH counted AS (
  SELECT *, coalesce(recount_tok, tok) AS osl FROM timed_requests
),
told AS (
  -- docs/metrics-reference.md: inter-token latency, (request latency - TTFT) / (OSL - 1), one value a request.
  SELECT *, CASE WHEN osl > 1 THEN (last_text_ns - first_text_ns) / 1e6 / (osl - 1) END AS inter_token_latency_ms FROM counted
)
SELECT
  id, run_id, entry_id, level, 'aiperf' AS definition, 1 AS definition_version, count(*) AS requests,
  -- docs/metrics-reference.md: first content that is not empty, reasoning included.
  linear_spread((first_text_ns - sent_ns) / 1e6) AS ttft_ms,
  -- docs/metrics-reference.md: time to first output, the first that is no reasoning (TTFO).
  linear_spread((first_answer_ns - sent_ns) / 1e6) AS ttfa_ms,
  linear_spread(inter_token_latency_ms) AS itl_ms,
  -- docs/metrics-reference.md: inter-chunk latency, the gaps between chunks.
  chunk_gaps.itl_ms AS icl_ms,
  -- docs/metrics-reference.md: request latency, to the last response with content.
  linear_spread((last_text_ns - sent_ns) / 1e6) AS e2el_ms,
  -- docs/metrics-reference.md: output token throughput per user, 1 / ITL of each request, averaged.
  avg(1e3 / nullif(inter_token_latency_ms, 0)) AS tokens_per_second_per_user,
  -- docs/metrics-reference.md: tokens over the time from the first request to the last response.
  sum(osl) * 1e9 / nullif(max(last_text_ns) - min(sent_ns), 0) AS output_tokens_per_second,
  -- docs/metrics-reference.md: requests over the same time.
  count(*) * 1e9 / nullif(max(last_text_ns) - min(sent_ns), 0) AS requests_per_second
FROM told LEFT JOIN chunk_gaps USING (id)
GROUP BY ALL;
