-- The figures of each benchmark as other tools define them. Its rows come from the files of sql/definitions, one a definition, each
-- from the same raw rows; they are there for benchmarks of which chunk times are kept.

CREATE TABLE definitions (
  id VARCHAR, run_id VARCHAR, entry_id VARCHAR, level DOUBLE, definition VARCHAR, definition_version INTEGER, requests BIGINT,
  ttft_ms STRUCT(mean DOUBLE, p50 DOUBLE, p99 DOUBLE),
  ttfa_ms STRUCT(mean DOUBLE, p50 DOUBLE, p99 DOUBLE),
  tpot_ms STRUCT(mean DOUBLE, p50 DOUBLE, p99 DOUBLE),
  itl_ms STRUCT(mean DOUBLE, p50 DOUBLE, p99 DOUBLE),
  icl_ms STRUCT(mean DOUBLE, p50 DOUBLE, p99 DOUBLE),
  e2el_ms STRUCT(mean DOUBLE, p50 DOUBLE, p99 DOUBLE),
  tokens_per_second_per_user DOUBLE, output_tokens_per_second DOUBLE, requests_per_second DOUBLE
);
COMMENT ON TABLE definitions IS 'Benchmarks with chunk times, as each tool would print them; views as_almanac, as_vllm, … hold one definition each.';
COMMENT ON COLUMN definitions.id IS 'Benchmark.';
COMMENT ON COLUMN definitions.definition IS 'Whose definition: almanac, vllm, sglang, sglang_native, guidellm, aiperf, mlperf or artificial_analysis.';
COMMENT ON COLUMN definitions.definition_version IS 'Raised when our SQL of that definition changes.';
COMMENT ON COLUMN definitions.requests IS 'Measured requests that succeeded.';
COMMENT ON COLUMN definitions.ttft_ms IS 'What the tool calls time to first token, ms.';
COMMENT ON COLUMN definitions.ttfa_ms IS 'Time to the first text that is no reasoning, ms; null where the tool has none.';
COMMENT ON COLUMN definitions.tpot_ms IS 'What the tool calls time per output token, ms; null where it has none.';
COMMENT ON COLUMN definitions.itl_ms IS 'What the tool calls inter-token latency, ms; null where it has none.';
COMMENT ON COLUMN definitions.icl_ms IS 'Inter-chunk latency, ms; null where the tool does not tell it from inter-token latency.';
COMMENT ON COLUMN definitions.e2el_ms IS 'What the tool calls the latency of a request, ms.';
COMMENT ON COLUMN definitions.tokens_per_second_per_user IS 'Tokens/s that one user sees, by that definition.';
COMMENT ON COLUMN definitions.output_tokens_per_second IS 'Output tokens/s of all requests together, by that definition; null where it has none.';
COMMENT ON COLUMN definitions.requests_per_second IS 'Completed requests/s, by that definition; null where it has none.';

CREATE VIEW as_almanac AS FROM definitions WHERE definition = 'almanac';
CREATE VIEW as_vllm AS FROM definitions WHERE definition = 'vllm';
CREATE VIEW as_sglang AS FROM definitions WHERE definition = 'sglang';
CREATE VIEW as_sglang_native AS FROM definitions WHERE definition = 'sglang_native';
CREATE VIEW as_guidellm AS FROM definitions WHERE definition = 'guidellm';
CREATE VIEW as_aiperf AS FROM definitions WHERE definition = 'aiperf';
CREATE VIEW as_mlperf AS FROM definitions WHERE definition = 'mlperf';
CREATE VIEW as_artificial_analysis AS FROM definitions WHERE definition = 'artificial_analysis';

-- Mean and percentiles of many values, null of none. Linear between values: numpy, with which vLLM, SGLang, AIPerf and InferenceX count.
CREATE MACRO linear_spread(x) AS
  CASE WHEN count(x) > 0 THEN {mean: avg(x), p50: quantile_cont(x, [0.5, 0.99])[1], p99: quantile_cont(x, [0.5, 0.99])[2]} END;
-- The smallest value that at least that share does not exceed: GuideLLM.
CREATE MACRO step_spread(x) AS
  CASE WHEN count(x) > 0 THEN {mean: avg(x), p50: quantile_disc(x, [0.5, 0.99])[1], p99: quantile_disc(x, [0.5, 0.99])[2]} END;
-- sorted[floor(n x share)], from 0: MLPerf's LoadGen.
CREATE MACRO floor_spread(x) AS
  CASE WHEN count(x) > 0 THEN {
    mean: avg(x),
    p50: list_sort(list(x) FILTER (x IS NOT NULL))[1 + floor(count(x) * 0.5)::BIGINT],
    p99: list_sort(list(x) FILTER (x IS NOT NULL))[1 + floor(count(x) * 0.99)::BIGINT]
  } END;
