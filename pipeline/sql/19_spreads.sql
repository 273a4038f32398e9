-- How far hosts lie apart: measured benchmarks of one setup and level, over all hosts. Filled by 86_spreads.sql and resampled by
-- build/spreads.ts.

CREATE TABLE spreads (
  model_name VARCHAR, gpu VARCHAR, gpu_count INTEGER, provider VARCHAR, runtime VARCHAR, quantization VARCHAR, weights VARCHAR, workload VARCHAR,
  max_tokens INTEGER, level DOUBLE, metric VARCHAR, hosts INTEGER, blocks INTEGER, requests BIGINT,
  median_tokens_per_second DOUBLE, min_tokens_per_second DOUBLE, max_tokens_per_second DOUBLE,
  low_tokens_per_second DOUBLE, high_tokens_per_second DOUBLE, draws INTEGER, seed INTEGER, ids VARCHAR[]
);
COMMENT ON TABLE spreads IS 'How far hosts of the same GPU, provider, model, engine and level lie apart; measured and ranked benchmarks alone.';
COMMENT ON COLUMN spreads.model_name IS 'Model name as the engine knows it.';
COMMENT ON COLUMN spreads.workload IS 'What requests asked for.';
COMMENT ON COLUMN spreads.metric IS 'Column of benchmarks that it is about: avg_tokens_per_second or throughput_tokens_per_second.';
COMMENT ON COLUMN spreads.hosts IS 'Machines; evidence that tells none counts as a machine of its own.';
COMMENT ON COLUMN spreads.blocks IS 'Benchmarks, each of an evidence of its own.';
COMMENT ON COLUMN spreads.requests IS 'Measured requests that succeeded.';
COMMENT ON COLUMN spreads.median_tokens_per_second IS 'Median over hosts of the median over the benchmarks of a host, tokens/s.';
COMMENT ON COLUMN spreads.min_tokens_per_second IS 'Slowest host, tokens/s.';
COMMENT ON COLUMN spreads.max_tokens_per_second IS 'Fastest host, tokens/s.';
COMMENT ON COLUMN spreads.low_tokens_per_second IS 'Lower end of the 95 % interval of the median over hosts, tokens/s; null below three hosts.';
COMMENT ON COLUMN spreads.high_tokens_per_second IS 'Its upper end, tokens/s.';
COMMENT ON COLUMN spreads.draws IS 'Times that hosts, their benchmarks and the requests of these were drawn anew.';
COMMENT ON COLUMN spreads.seed IS 'Start of the random numbers.';
COMMENT ON COLUMN spreads.ids IS 'Benchmarks that it was computed from.';
