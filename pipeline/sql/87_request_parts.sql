-- The Parquet parts that hold requests of the spreads with three hosts and no interval yet.
SELECT DISTINCT part
FROM (SELECT unnest(ids) AS id FROM spreads WHERE hosts >= 3 AND low_tokens_per_second IS NULL)
JOIN benchmarks USING (id) JOIN sources USING (run_id, entry_id)
WHERE part IS NOT NULL
ORDER BY part;
