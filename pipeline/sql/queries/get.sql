-- One benchmark.
SELECT result, cost_analysis FROM benchmarks WHERE id = $id;
