// Rows of the published Parquet, by DuckDB.
import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";

/** All rows of a query, whose variables `values` gives. */
export async function rowsOf<T>(sql: string, values: Record<string, DuckDBValue>): Promise<T[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql, values)).getRowObjectsJS() as T[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
