// A batch of raw directories through the numbered SQL files: its Parquet part is written, its benchmarks are inserted.
import { dirname, join } from "node:path";
import { type Catalog, gpuNamed } from "../lib/catalog.ts";
import { type Database, quote, sqlText } from "../lib/duckdb.ts";
import { LineWriter } from "../lib/line_writer.ts";
import { rawLines } from "../lib/lines.ts";
import { LOST, NO_NAME } from "../schema/driver_words.ts";
import { CUT_ENDS } from "../schema/ends.ts";
import type { GpuColumn } from "../schema/evidence.ts";
import { NO_ERROR } from "../schema/failed.ts";
import { isGpu } from "../schema/gpu_name.ts";
import { GpuSample } from "../schema/gpu_sample.ts";
import { publicModelName } from "../schema/local_paths.ts";
import { isLostRequest, type Provenance } from "../schema/provenance.ts";
import { wellFormedJson } from "../schema/text.ts";
import { LONG_PARQUET } from "./export.ts";
import type { SealedDirectory } from "./scan.ts";

/** What the SQL is told of a directory; the columns of 20_directories.sql. */
interface Told {
  readonly provenance: Provenance;
  readonly seal: string;
  readonly metadata_file: string;
  readonly results_file: string;
  readonly chunks_file: string | null;
  readonly server_file: string | null;
  readonly calibration_file: string | null;
  readonly gpu_file: string | null;
}

/** Tables too long for one file: folders of Parquet parts, each of whole runs. */
export const DATASETS = ["requests.parquet", "chunks.parquet", "gpu_samples.parquet"];
const FIGURES = [
  "45_inter_token",
  "48_windows",
  "50_load",
  "55_goodput",
  "57_client",
  "60_telemetry",
  "62_machine_signs",
  "65_memory",
  "66_client_verdicts",
  "68_plausible_verdicts",
  "70_verdicts",
  "80_benchmarks",
];

/** The definitions of other tools, and ours; a file each in sql/definitions. */
const DEFINITIONS = [
  "as_almanac",
  "as_vllm",
  "as_sglang",
  "as_sglang_native",
  "as_guidellm",
  "as_aiperf",
  "as_mlperf",
  "as_artificial_analysis",
];

/** A raw directory of which the database cannot be given a file. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/** Builds `directories` into `db`; its rows go to `out`/<table>.parquet/<part>. Returns notices. */
export async function buildBatch(
  db: Database,
  directories: readonly SealedDirectory[],
  part: string,
  out: string,
  catalog: Catalog,
): Promise<string[]> {
  const told = await Promise.all(directories.map((directory) => tell(directory, out)));
  await db.set(
    "directories",
    wellFormedJson(told.map((one, index) => ({ directory: index + 1, ...rowOf(one) }))),
  );
  await db.set("no_name", NO_NAME);
  await db.set("metadata_files", told.map(({ metadata_file }) => metadata_file));
  await db.set("results_files", told.map(({ results_file }) => results_file));
  await db.runFile("20_directories.sql");
  await db.set("catalog_names", wellFormedJson(await catalogNames(db, catalog)));
  await db.set("public_names", wellFormedJson(await publicNames(db)));
  await db.set("no_error", NO_ERROR);
  await db.set("cut_ends", CUT_ENDS);
  await db.set("foreign_gpus", await foreignGpus(db));
  await db.runFile("30_request_lines.sql");
  await db.set("requests_part", await writePart(db, "request_lines", join(out, "requests.parquet", part)));
  await db.runFile("31_requests.sql");
  const chunkFiles = given(told.map(({ chunks_file }) => chunks_file));
  const none = await emptyFile(out);
  await db.set("chunks_files", chunkFiles.length === 0 ? [none] : chunkFiles);
  await db.runFile("34_chunk_lines.sql");
  await db.set("chunks_part", await writePart(db, "chunk_lines", join(out, "chunks.parquet", part)));
  await db.runFile("35_chunks.sql");
  await db.set("server_files", [none, ...given(told.map(({ server_file }) => server_file))]);
  await db.runFile("36_server.sql");
  await db.set("calibration_files", [none, ...given(told.map(({ calibration_file }) => calibration_file))]);
  await db.runFile("37_calibration.sql");
  await viewGpuCells(db, told);
  await db.set("lost", LOST);
  await db.runFile("40_gpu_samples.sql");
  await writePart(db, "gpu_samples", join(out, "gpu_samples.parquet", part));
  for (const name of FIGURES) await db.runFile(`${name}.sql`);
  await refuseNoNumbers(db);
  if (chunkFiles.length > 0) await defineFigures(db);
  await db.run(
    `INSERT INTO sources BY NAME SELECT run_id, entry_id, evidence_id, seal, ${
      quote(part)
    } AS part FROM directories`,
  );
  const strays = await db.rows(await sqlText("90_stray_telemetry.sql"));
  return strays.map(({ raw_dir }) =>
    `${raw_dir}: no sample of gpu.csv lies in the time of the requests; is its clock in another time zone? Its GPU statistics are not known`
  );
}

/** Refuses a batch of which a figure is `NaN` or infinite, which no reader of JSON takes. */
async function refuseNoNumbers(db: Database): Promise<void> {
  const rows = await db.rows(
    "SELECT to_json(benchmarks)::VARCHAR AS text FROM benchmarks SEMI JOIN directories USING (run_id, entry_id)",
  );
  for (const { text } of rows) {
    try {
      JSON.parse(String(text));
    } catch (cause) {
      throw new UnreadableError("one of its figures is no number", { cause });
    }
  }
}

/** The batch's benchmarks with chunk times, by every definition. */
async function defineFigures(db: Database): Promise<void> {
  await db.runFile("83_timed_requests.sql");
  for (const name of DEFINITIONS) await db.runFile(`definitions/${name}.sql`);
}

function given(files: readonly (string | null)[]): string[] {
  return files.filter((file) => file !== null);
}

/** A file without a line, where DuckDB must be given one. */
async function emptyFile(out: string): Promise<string> {
  const path = join(out, ".usable", "none.jsonl");
  await Deno.mkdir(join(out, ".usable"), { recursive: true });
  await Deno.writeTextFile(path, "");
  return path;
}

/** The catalogue's name of each GPU of the batch that has one, by the driver's name and its memory. */
async function catalogNames(db: Database, catalog: Catalog): Promise<Record<string, string>> {
  const rows = await db.rows(
    `SELECT DISTINCT name, memory_mib, told_gpu(name, memory_mib) AS told FROM (
       SELECT metadata ->> '$.hardware.gpu_name' AS name, (metadata ->> '$.hardware.gpu_memory_mib')::DOUBLE AS memory_mib
       FROM directories
     )`,
  );
  const entries = rows.flatMap(({ name, memory_mib, told }) => {
    const known = gpuNamed(catalog, String(name), Number(memory_mib) / 1024 || null);
    return known === undefined ? [] : [[String(told), known.name]];
  });
  return Object.fromEntries(entries);
}

/** The names under which models of the batch are published that older agents called by their paths. */
async function publicNames(db: Database): Promise<Record<string, string>> {
  const rows = await db.rows("SELECT DISTINCT metadata ->> '$.model.name' AS name FROM directories");
  const names = rows.map(({ name }) => String(name)).filter((name) => publicModelName(name) !== name);
  return Object.fromEntries(names.map((name) => [name, publicModelName(name)]));
}

/** The GPUs of the batch that are not those which the matrix asked for: both names, a line break between them. */
async function foreignGpus(db: Database): Promise<string[]> {
  const rows = await db.rows(
    `SELECT DISTINCT wanted_gpu, metadata ->> '$.hardware.gpu_name' AS found FROM directories
     WHERE wanted_gpu IS NOT NULL AND found IS NOT NULL`,
  );
  return rows.filter(({ wanted_gpu, found }) => !isGpu(String(wanted_gpu), String(found)))
    .map(({ wanted_gpu, found }) => `${wanted_gpu}\n${found}`);
}

/** Writes the rows of `view`, in the order of directories and lines, as one Parquet file. Returns its path. */
async function writePart(db: Database, view: string, path: string): Promise<string> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await db.run(`COPY (FROM ${view}) TO ${quote(path)} (${LONG_PARQUET})`);
  return path;
}

async function tell(directory: SealedDirectory, out: string): Promise<Told> {
  const { provenance } = directory;
  const leftOut = (name: string) =>
    provenance.rejected_lines.some(({ file, whole }) =>
      file === name && (whole || name === "calibration.json")
    );
  const has = (name: string) => provenance.files.some((file) => file.name === name) && !leftOut(name);
  const usable = (name: string) => withoutRejected(directory, name, out);
  return {
    provenance,
    seal: directory.seal,
    metadata_file: join(directory.path, "metadata.json"),
    results_file: await usable("results.jsonl"),
    chunks_file: has("chunks.jsonl") ? await usable("chunks.jsonl") : null,
    server_file: has("server.jsonl") ? await usable("server.jsonl") : null,
    calibration_file: has("calibration.json") ? join(directory.path, "calibration.json") : null,
    gpu_file: provenance.gpu_columns === null ? null : await usable("gpu.csv"),
  };
}

function rowOf({ provenance, ...told }: Told) {
  return {
    run_id: provenance.run_id,
    entry_id: provenance.entry_id,
    evidence_id: provenance.evidence_id,
    origin: provenance.origin,
    provider: provenance.provider,
    location: provenance.location,
    price_per_hour: provenance.price_per_hour,
    market: provenance.rental === null ? null : provenance.rental.market ?? "on_demand",
    rejected_lines: provenance.rejected_lines.length,
    rejected_requests: provenance.rejected_lines.filter(isLostRequest).length,
    files: [...provenance.files.map((file) => file.name), "provenance.json"],
    wanted_gpu: provenance.gpu,
    collected_at: provenance.collected_at,
    ...told,
  };
}

/** The file itself, or a copy below `out` without a byte order mark and without the lines that its seal rejected. */
async function withoutRejected(
  { path, run_id, entry_id, provenance: { rejected_lines } }: SealedDirectory,
  name: string,
  out: string,
): Promise<string> {
  const rejected = new Set(rejected_lines.filter(({ file }) => file === name).map(({ line }) => line));
  if (rejected.size === 0 && !startsWithMark(join(path, name))) return join(path, name);
  const copy = join(out, ".usable", run_id, entry_id, name);
  await Deno.mkdir(join(copy, ".."), { recursive: true });
  using writer = new LineWriter(copy);
  for await (const { number, bytes } of rawLines(join(path, name))) {
    if (rejected.has(number)) continue;
    if (bytes === null) throw new UnreadableError(`${name}:${number} is too long to be read`);
    writer.add(number === 1 && hasMark(bytes) ? bytes.subarray(3) : bytes);
  }
  writer.end();
  return copy;
}

/** Synchronous, which is several times faster for so many files. */
function startsWithMark(path: string): boolean {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(3);
  file.readSync(bytes);
  return hasMark(bytes);
}

function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Makes the view gpu_cells: every gpu.csv as text, whatever the order of its columns. */
async function viewGpuCells(db: Database, told: readonly Told[]): Promise<void> {
  const columns = Object.keys(GpuSample.shape);
  const layouts = Map.groupBy(
    told.filter(({ gpu_file }) => gpu_file !== null),
    ({ provenance }) => JSON.stringify([provenance.gpu_columns, provenance.gpu_header_lines]),
  );
  const parts = [...layouts].map(([layout, members]) => {
    const [names, skip] = JSON.parse(layout) as [GpuColumn[], number];
    const files = members.map(({ gpu_file }) => quote(gpu_file ?? ""));
    const typed = names.map((name, index) => `${quote(name === "_" ? `unused_${index}` : name)}: 'VARCHAR'`);
    const selected = columns.map((name) => names.some((other) => other === name) ? name : `NULL AS ${name}`);
    const line = names.includes("gpu_index") ? "NULL" : "row_number() OVER ()";
    return `SELECT filename AS file, ${line} AS line, ${selected.join(", ")} FROM read_csv(
      [${files.join(", ")}], columns = {${typed.join(", ")}}, header = ${skip === 1},
      auto_detect = false, strict_mode = false, delim = ',', quote = '', escape = '', filename = true, null_padding = true)`;
  });
  const none = `SELECT NULL AS file, NULL AS line, ${
    columns.map((name) => `NULL AS ${name}`).join(", ")
  } WHERE false`;
  await db.run(
    `CREATE OR REPLACE TEMP VIEW gpu_cells AS ${parts.length === 0 ? none : parts.join(" UNION ALL ")}`,
  );
}

/** Splits runs into batches of about `bytes` of requests and chunk times each, never splitting a run. */
export function batches(runs: readonly SealedDirectory[][], bytes: number): SealedDirectory[][] {
  const result: SealedDirectory[][] = [];
  let room = 0;
  for (const directories of runs) {
    const size = directories.reduce((sum, directory) => sum + sizeOf(directory), 0);
    const last = result.at(-1);
    if (last === undefined || size > room) {
      result.push([...directories]);
      room = bytes - size;
    } else {
      last.push(...directories);
      room -= size;
    }
  }
  return result;
}

/** Chunk times count sixfold: a line of them holds hundreds, and percentiles are over all of them. */
const WEIGHTS: Readonly<Record<string, number>> = { "results.jsonl": 1, "chunks.jsonl": 6 };

function sizeOf(directory: SealedDirectory): number {
  return directory.provenance.files.reduce((sum, file) => sum + (WEIGHTS[file.name] ?? 0) * file.bytes, 0);
}
