// Results known only as figures: the files of data/published and what was submitted, as rows of the benchmarks table.
import { join } from "node:path";
import type { Database } from "../lib/duckdb.ts";
import { type Catalog, gpuNamed, ownOrShipped } from "../lib/catalog.ts";
import { sha256Hex } from "../lib/files.ts";
import { UserError } from "../errors.ts";
import type { Paths } from "../paths.ts";
import type { Origin } from "../schema/names.ts";
import { check, parseOrRefuse } from "../schema/parse.ts";
import { strictJson } from "../schema/strict_json.ts";
import { structureOf } from "../schema/structure.ts";
import { PublishedFile, PublishedPick, Submission, SubmissionLine } from "../schema/summary.ts";
import { wellFormedJson } from "../schema/text.ts";

/** A file of results: what the builder takes or leaves as a whole. */
export interface SummaryFile {
  /** Stands for the file in the tables, e.g. `published/2026-02-06-some-title`. */
  readonly run_id: string;
  readonly text: string;
  readonly path: string;
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

/** The files of data/published, and data/submitted/submissions.jsonl, as they are now. */
export async function summaryFiles(paths: Paths): Promise<SummaryFile[]> {
  const published = await ownOrShipped(paths, "published");
  const names = (await namesIn(published)).filter((name) => name.endsWith(".json")).sort();
  const files = names.map((name) => ({
    run_id: `published/${name.slice(0, -5)}`,
    path: join(published, name),
  }));
  const path = join(paths.submitted, SUBMISSIONS);
  const submitted = { run_id: SUBMITTED, path, text: await wholeLines(path) };
  return [
    ...await Promise.all(files.map(async (file) => ({ ...file, text: await Deno.readTextFile(file.path) }))),
    ...(submitted.text === "" ? [] : [submitted]),
  ];
}

/** What a file tells. */
export interface Told {
  readonly summaries: readonly Summary[];
  /** What its source recommends. */
  readonly picks: readonly PublishedPick[];
  /** One sentence for each line that is left out. */
  readonly notices: readonly string[];
}

/** Reads a file; a UserError names every fault of one that was written by hand. */
export function readSummaries(file: SummaryFile): Told {
  return file.run_id === SUBMITTED ? submittedIn(file) : publishedIn(file);
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

function publishedIn({ text, path, run_id }: SummaryFile): Told {
  const hint = "Mend the file; its form is data/export/schema/PublishedFile.json.";
  const { title, date, runtime, test_config, results, picks } = parseOrRefuse(
    PublishedFile,
    json(text, path, hint),
    path,
    hint,
  );
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

/** Lines that were damaged since they were taken are left out. */
function submittedIn({ text, path }: SummaryFile): Told {
  const read = text.split("\n").slice(0, -1).map((line, index) => {
    const read = strictJson(line);
    const checked = "reason" in read ? { faults: [read.reason] } : check(SubmissionLine, read.value);
    return "value" in checked
      ? { summary: summaryOf(checked.value) }
      : { notice: `${path}:${index + 1} is left out: ${checked.faults.join("; ")}` };
  });
  return {
    summaries: read.flatMap(({ summary }) => summary === undefined ? [] : [summary]),
    picks: [],
    notices: read.flatMap(({ notice }) => notice === undefined ? [] : [notice]),
  };
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

function json(text: string, where: string, hint: string): unknown {
  const read = strictJson(text);
  if ("reason" in read) throw new UserError(`Cannot read ${where}: ${read.reason}`, hint);
  return read.value;
}

/** The text of a file up to its last line break, without what a crash left of a line; empty without a file. */
export async function wholeLines(path: string): Promise<string> {
  try {
    const text = await Deno.readTextFile(path);
    return text.slice(0, text.lastIndexOf("\n") + 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).filter((item) => item.isFile).map((item) =>
      item.name
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
