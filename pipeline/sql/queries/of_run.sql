-- The benchmarks of one run, in the order of its entries.
SELECT result, cost_analysis FROM answers WHERE run_id = $run_id ORDER BY entry_id, level;
