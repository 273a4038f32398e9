// What `benchmarks best` is compared with: a script that opens the database and runs that one query.
import { DuckDBInstance } from "@duckdb/node-api";

const [database = "", model = ""] = Deno.args;
const connection = await (await DuckDBInstance.create(database, { access_mode: "READ_ONLY" })).connect();
const reader = await connection.runAndReadAll(
  "SELECT result, cost_analysis FROM answers SEMI JOIN rankable USING (id) WHERE model_name = $model AND level = 1 ORDER BY rate_tokens_per_second DESC, id LIMIT 1",
  { model },
);
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(reader.getRowObjectsJS())}\n`));
