// Files beside the database: whole-table Parquet, the JSON Schemas, and the dictionary of every column.
import { join } from "node:path";
import { z } from "zod";
import { type Database, quote } from "../lib/duckdb.ts";
import { writeAtomic } from "../lib/files.ts";
import { toJson } from "../query/json.ts";
import * as api from "../schema/api.ts";
import * as benchmark from "../schema/benchmark.ts";
import * as catalog from "../schema/catalog.ts";
import { GpuSample } from "../schema/gpu_sample.ts";
import { JournalLine, ManifestRow } from "../schema/manifest.ts";
import { Matrix } from "../schema/matrix.ts";
import { Metadata } from "../schema/metadata.ts";
import { Provenance } from "../schema/provenance.ts";
import { RequestLine } from "../schema/request.ts";
import * as overview from "../schema/overview.ts";
import * as summary from "../schema/summary.ts";

/** Level 1 writes our tables faster than zstd's default level, and with the encodings of version 2 smaller. */
export const PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2";

const ORDERED = { benchmarks: "started_at, id", manifest: "run_id, entry_id", gpus: "name", models: "name" };

/** The whole tables as Parquet below `out`. */
export async function exportTables(db: Database, out: string): Promise<void> {
  for (const [table, order] of Object.entries(ORDERED)) {
    await db.run(
      `COPY (SELECT * FROM ${table} ORDER BY ${order}) TO ${quote(join(out, `${table}.parquet`))}
       (${PARQUET})`,
    );
  }
}

/** schema/<name>.json for every format the almanac reads or writes. */
export async function exportSchemas(out: string): Promise<void> {
  const schemas = {
    ...{ GpuSample, JournalLine, ManifestRow, Matrix, Metadata, Provenance, RequestLine },
    ...api,
    ...benchmark,
    ...catalog,
    ...overview,
    ...summary,
  };
  for (const [name, schema] of Object.entries(schemas)) {
    if (!(schema instanceof z.ZodType)) continue;
    await writeAtomic(
      join(out, "schema", `${name}.json`),
      toJson(z.toJSONSchema(schema, { io: "input" })),
    );
  }
}

/** dictionary.json: type and meaning of every column of every table, in the database and in Parquet. */
export async function exportDictionary(db: Database, out: string): Promise<void> {
  const described = new Map<string, string>();
  for (
    const schema of [
      RequestLine,
      GpuSample,
      ManifestRow,
      ...Object.values(benchmark),
      ...Object.values(catalog),
    ]
  ) {
    if (!(schema instanceof z.ZodObject)) continue;
    for (const [name, field] of Object.entries(schema.shape)) {
      const { description } = field as z.ZodType;
      if (description !== undefined) described.set(name, description);
    }
  }
  const rows = await db.rows(
    `SELECT table_name, column_name, data_type, comment FROM duckdb_columns()
     WHERE table_name IN ('benchmarks', 'manifest', 'gpus', 'models', 'requests', 'gpu_samples')
     ORDER BY table_name, column_index`,
  );
  const tables: Record<string, { column: string; type: string; description: string | null }[]> = {};
  for (const { table_name, column_name, data_type, comment } of rows) {
    const column = String(column_name);
    const description = comment === null ? described.get(column) ?? null : String(comment);
    (tables[String(table_name)] ??= []).push({ column, type: String(data_type), description });
  }
  await writeAtomic(join(out, "dictionary.json"), toJson({ tables }));
}
