-- How many ranked benchmarks could be held against the limits, and how many could not for want of percentiles.
SELECT count(*) FILTER (judged)::INTEGER AS judged, count(*) FILTER (NOT judged)::INTEGER AS not_judged
FROM slo_candidates(
  $model, $ttft_ms::DOUBLE, $tpot_ms::DOUBLE, $workload::VARCHAR, $gpu::VARCHAR, $provider::VARCHAR, $runtime::VARCHAR, $concurrency::DOUBLE
);
