// Files beside the database: whole-table Parquet, the JSON Schemas, and the dictionary of every column.
import { join } from "node:path";
import { z } from "zod";
import { type Database, quote } from "../lib/duckdb.ts";
import { writeAtomic } from "../lib/files.ts";
import { toJson } from "../query/json.ts";
import { openApiDocument } from "../schema/openapi.ts";
import * as api from "../schema/api.ts";
import * as benchmark from "../schema/benchmark.ts";
import * as catalog from "../schema/catalog.ts";
import { Calibration } from "../schema/calibration.ts";
import { Canary } from "../schema/canary.ts";
import { ChunkLine } from "../schema/chunk.ts";
import { FORMULA_STARTS, mayHoldFormula } from "../schema/formula.ts";
import { GpuSample } from "../schema/gpu_sample.ts";
import { Host, Hosts } from "../schema/hosts.ts";
import { MachineEvent } from "../schema/machine.ts";
import { JournalLine, ManifestRow } from "../schema/manifest.ts";
import { Offer } from "../schema/offer.ts";
import { Matrix } from "../schema/matrix.ts";
import { Metadata } from "../schema/metadata.ts";
import { Provenance } from "../schema/provenance.ts";
import { RequestLine } from "../schema/request.ts";
import { ServerLine } from "../schema/server_line.ts";
import * as overview from "../schema/overview.ts";
import * as slo from "../schema/slo.ts";
import * as summary from "../schema/summary.ts";

/** Level 1 writes our tables faster than zstd's default level, and with the encodings of version 2 smaller. */
const PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2";

/** Of long tables: a column of more values than this gets no dictionary, and no time is spent on trying. */
export const LONG_PARQUET = `${PARQUET}, DICTIONARY_SIZE_LIMIT 1000`;

/** Tables that every build may change, and those that are the same as long as catalogue and code are, each with its order. */
const CHANGING = {
  benchmarks: "started_at, id",
  benchmark_manifest: "run_id, entry_id",
  definitions: "id, definition",
  machines: "started_at, id",
  spreads: "ALL",
};
const FIXED = { gpus: "name", models: "name", slo_tiers: "position" };

/** Texts are harmless in a spreadsheet. Lists and structs stand in CSV as JSON text, times as ISO 8601. */
const CSV = "FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%gZ'";

/** The whole tables below `out`, each as Parquet and as CSV; the fixed ones only when all is built anew. */
export async function exportTables(db: Database, out: string, anew: boolean): Promise<void> {
  for (const [table, order] of Object.entries(anew ? { ...CHANGING, ...FIXED } : CHANGING)) {
    const file = (extension: string) => join(out, `${table}.${extension}`);
    await db.run(`COPY (FROM ${table} ORDER BY ${order}) TO ${quote(file("parquet"))} (${PARQUET})`);
    await exportCsv(db, table, order, file("csv"));
  }
}

/** Most tables hold nothing that a spreadsheet would take for a formula, and looking at the file is faster than at every cell. */
async function exportCsv(db: Database, table: string, order: string, path: string): Promise<void> {
  for (const isHarmless of [false, true]) {
    const columns = await csvColumns(db, table, isHarmless);
    await db.run(`COPY (SELECT ${columns} FROM ${table} ORDER BY ${order}) TO ${quote(path)} (${CSV})`);
    if (!mayHoldFormula(await Deno.readTextFile(path))) return;
  }
}

/** The columns of a table as SQL that makes one text of a list or a struct, and where it is asked for text of what would be a formula. */
async function csvColumns(db: Database, table: string, isHarmless: boolean): Promise<string> {
  const rows = await db.rows(`DESCRIBE ${table}`);
  return rows.map(({ column_name: name, column_type }) => {
    if (/[\])]$/.test(String(column_type))) return `to_json(${name}) AS ${name}`;
    if (column_type !== "VARCHAR" || !isHarmless) return name;
    const isFormula = `${name} <> '' AND contains(${quote(FORMULA_STARTS)}, left(${name}, 1))`;
    return `if(${isFormula}, ${quote("'")} || ${name}, ${name}) AS ${name}`;
  }).join(", ");
}

/** schema/<name>.json for every format the almanac reads or writes, and schema/openapi.json for its API. */
export async function exportSchemas(out: string): Promise<void> {
  const schemas = {
    ...{
      Calibration,
      Canary,
      ChunkLine,
      GpuSample,
      Host,
      Hosts,
      JournalLine,
      MachineEvent,
      ManifestRow,
      Offer,
      Matrix,
      Metadata,
      Provenance,
      RequestLine,
      ServerLine,
    },
    ...api,
    ...benchmark,
    ...catalog,
    ...overview,
    ...slo,
    ...summary,
  };
  for (const [name, schema] of Object.entries(schemas)) {
    if (!(schema instanceof z.ZodType)) continue;
    await writeAtomic(
      join(out, "schema", `${name}.json`),
      toJson(z.toJSONSchema(schema, { io: "input" })),
    );
  }
  await writeAtomic(join(out, "schema", "openapi.json"), toJson(openApiDocument()));
}

const TABLES = [...Object.keys(CHANGING), ...Object.keys(FIXED), "requests", "chunks", "gpu_samples"];

/** dictionary.json: type and meaning of every column of every table, in the database and in Parquet. */
export async function exportDictionary(db: Database, out: string): Promise<void> {
  const described = new Map<string, string>();
  for (
    const schema of [
      RequestLine,
      ChunkLine,
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
     WHERE table_name IN (${TABLES.map(quote).join(", ")})
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
