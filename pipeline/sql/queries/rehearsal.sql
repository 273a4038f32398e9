-- Whether all results are those of simulated clouds.
SELECT bool_and(is_rehearsal) AS is_rehearsal FROM benchmarks;
