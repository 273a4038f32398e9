-- One benchmark.
SELECT result, cost_analysis FROM answers WHERE id = $id;
