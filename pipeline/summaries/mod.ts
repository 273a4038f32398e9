// Results known only as figures: the files of data/published and what was submitted, as rows of the benchmarks table.
import { join } from "node:path";
import type { Database } from "../lib/duckdb.ts";
import { type Catalog, gpuNamed, ownOrShipped, readCatalog } from "../lib/catalog.ts";
import { sha256Hex } from "../lib/files.ts";
import type { Paths } from "../paths.ts";
import type { Origin } from "../schema/names.ts";
import { check } from "../schema/parse.ts";
import { strictJson } from "../schema/strict_json.ts";
import { structureOf } from "../schema/structure.ts";
import { PublishedFile, PublishedPick, Submission, type SubmissionLine } from "../schema/summary.ts";
import { wellFormedJson } from "../schema/text.ts";
import { plainFile, wholeLines } from "./plain_file.ts";
import { submittedLines } from "./submitted.ts";

const UTF8 = new TextDecoder();

/** A file of results: what the builder takes or leaves as a whole. */
export interface SummaryFile {
  /** Stands for the file in the tables, e.g. `published/2026-02-06-some-title`. */
  readonly run_id: string;
  /** What is built from it depends on this alone. */
  readonly text: string;
  readonly told: () => Told;
}

/** A result ready for 81_summaries.sql. */
export type Summary = Submission & {
  readonly run_id: string;
  readonly evidence_id: string;
  readonly origin: Origin;
  readonly source: string | null;
};

/** Where submissions lie below data/submitted, and what stands for them in the tables. */
export const SUBMISSIONS = "submissions.jsonl";
const SUBMITTED = "submitted";

/** The files of data/published, the shipped ones where `shipped` says so and the root has none, and data/submitted/submissions.jsonl, as they are now; a notice for each that cannot be read. */
export async function summaryFiles(
  paths: Paths,
  shipped: boolean,
): Promise<{ files: SummaryFile[]; notices: string[] }> {
  const folder = shipped ? await ownOrShipped(paths, "published") : join(paths.root, "data", "published");
  const names = (await namesIn(folder)).filter((name) => name.endsWith(".json")).sort();
  const read = [
    ...names.map((name) => publishedFile(folder, name)),
    submittedFile(join(paths.submitted, SUBMISSIONS), await readCatalog(paths)),
  ];
  return {
    files: read.filter((file) => file !== null && typeof file !== "string"),
    notices: read.filter((file) => typeof file === "string"),
  };
}

/** What a file tells. */
interface Told {
  readonly summaries: readonly Summary[];
  /** What its source recommends. */
  readonly picks: readonly PublishedPick[];
  /** One sentence for each of its lines that is left out. */
  readonly notices: readonly string[];
}

/** Inserts results into the benchmarks table of `db`, which has the catalogue. */
export async function insertSummaries(
  db: Database,
  summaries: readonly Summary[],
  catalog: Catalog,
): Promise<void> {
  if (summaries.length === 0) return;
  const rows = summaries.map((summary) => ({
    ...summary,
    gpu: gpuNamed(catalog, summary.hardware.gpu_name)?.name ?? summary.hardware.gpu_name,
  }));
  await db.set("summaries", wellFormedJson(rows));
  await db.set("summary_structure", STRUCTURE);
  await db.runFile("81_summaries.sql");
}

/** Puts what the source of a run's results recommends into the table published_picks. */
export async function insertPicks(
  db: Database,
  run_id: string,
  picks: readonly PublishedPick[],
): Promise<void> {
  if (picks.length === 0) return;
  await db.set("published_run", run_id);
  await db.set("picks", wellFormedJson(picks));
  await db.set("picks_structure", PICKS);
  await db.runFile("82_published_picks.sql");
}

const PICKS = JSON.stringify([structureOf(PublishedPick)]);
const STRUCTURE = JSON.stringify([{
  ...structureOf(Submission) as object,
  ...{ run_id: "VARCHAR", evidence_id: "VARCHAR", origin: "VARCHAR", source: "VARCHAR", gpu: "VARCHAR" },
}]);

/** A notice when it cannot be read. */
function publishedFile(folder: string, name: string): SummaryFile | string {
  const run_id = `published/${name.slice(0, -".json".length)}`;
  const path = join(folder, name);
  const read = plainFile(path);
  if ("reason" in read) return leftOut(path, read.reason);
  const text = UTF8.decode(read.bytes);
  const content = strictJson(text);
  const checked = "reason" in content ? { faults: [content.reason] } : check(PublishedFile, content.value);
  return "faults" in checked
    ? leftOut(path, checked.faults.join("; "))
    : { run_id, text, told: () => toldBy(checked.value, run_id) };
}

/** Null without a whole line; a notice when it cannot be read. */
function submittedFile(path: string, catalog: Catalog): SummaryFile | string | null {
  const read = plainFile(path);
  if ("reason" in read) return leftOut(path, read.reason);
  const text = UTF8.decode(wholeLines(read.bytes));
  if (text === "") return null;
  return {
    run_id: SUBMITTED,
    text,
    told: () => {
      const { lines, faults } = submittedLines(text, catalog);
      const notices = faults.map(({ line, reason }) => leftOut(`${path}:${line}`, reason));
      return { summaries: lines.map(summaryOf), picks: [], notices };
    },
  };
}

function leftOut(path: string, reason: string): string {
  return `${path} is left out: ${reason}`;
}

function toldBy(file: PublishedFile, run_id: string): Told {
  const { title, date, runtime, test_config, results, picks } = file;
  const summaries = results.map((result): Summary => ({
    ...result,
    timestamp: result.timestamp ?? `${date}T00:00:00Z`,
    model: { runtime, ...result.model },
    test_config: { ...test_config, ...result.test_config },
    run_id,
    evidence_id: digestOf([title, date, result]),
    origin: "published",
    source: title,
  }));
  return { summaries, picks, notices: [] };
}

/** An accepted submission as a result. */
export function summaryOf({ received_at, evidence_id, submission }: SubmissionLine): Summary {
  return {
    ...submission,
    timestamp: submission.timestamp ?? received_at,
    run_id: SUBMITTED,
    evidence_id,
    origin: "submitted",
    source: null,
  };
}

/** The first 16 hex digits of the SHA-256 over a value whose keys have the schema's order. */
export function digestOf(value: unknown): string {
  return sha256Hex(JSON.stringify(value)).slice(0, 16);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
