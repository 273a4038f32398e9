// What the builder is compared with: one DuckDB script that reads the same files into Parquet and computes the same percentiles.
import { DuckDBInstance } from "@duckdb/node-api";

const [raw = "", out = ""] = Deno.args;
const started = performance.now();
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run(`
  CREATE TABLE requests AS
  SELECT * FROM read_json('${raw}/*/*/results.jsonl', format = 'newline_delimited', filename = true);
  COPY requests TO '${out}/requests.parquet' (COMPRESSION zstd);
  COPY (SELECT * FROM read_csv('${raw}/*/*/gpu.csv', filename = true)) TO '${out}/gpu_samples.parquet' (COMPRESSION zstd);
  COPY (
    SELECT
      filename, count(*) AS requests, sum(tok) AS tokens,
      avg(tps), min(tps), max(tps), quantile_cont(tps, [0.5, 0.95, 0.99]),
      avg(dur), min(dur), max(dur), quantile_cont(dur, [0.5, 0.95, 0.99]),
      avg(first_text_ns - scheduled_ns), quantile_cont(first_text_ns - scheduled_ns, [0.5, 0.95, 0.99])
    FROM requests WHERE NOT err GROUP BY filename
  ) TO '${out}/benchmarks.parquet' (COMPRESSION zstd);
`);
Deno.stdout.writeSync(new TextEncoder().encode(`${((performance.now() - started) / 1000).toFixed(2)} s\n`));
