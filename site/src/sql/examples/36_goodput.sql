-- Requests a second within limits of one's own, 450 ms and 40 ms (almanac.duckdb)
SELECT benchmark_id, level, good_requests, requests_per_second
FROM goodput_under('requests.parquet/*.parquet', 450, 40)
ORDER BY requests_per_second DESC, benchmark_id;
