// A submission comes in: checked, answered as the next build will have it, appended to data/submitted before anybody is told.
import { join } from "node:path";
import { type Catalog, gpuNamed } from "../lib/catalog.ts";
import { Database } from "../lib/duckdb.ts";
import { get } from "../query/mod.ts";
import type { BenchmarkAnswer } from "../schema/api.ts";
import { nearest } from "../schema/nearest.ts";
import { check } from "../schema/parse.ts";
import { implausible } from "../schema/plausible.ts";
import { Submission, SubmissionLine } from "../schema/summary.ts";
import { digestOf, insertSummaries, SUBMISSIONS, summaryOf, wholeLines } from "./mod.ts";
import { createTables } from "./tables.ts";

/** `added` is false when the same submission was there already. */
export type Submitted = { readonly answer: BenchmarkAnswer; readonly added: boolean } | {
  readonly faults: string[];
};

/** Takes submissions for the almanac whose data/submitted is `folder`. One at a time: the file has one writer. */
export class Submissions {
  readonly #folder: string;
  readonly #catalog: Catalog;
  readonly #clock: () => Date;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string, catalog: Catalog, clock: () => Date = () => new Date()) {
    this.#folder = folder;
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** Checks `body`; an accepted one is on disk when this resolves. */
  accept(body: unknown): Promise<Submitted> {
    const turn = this.#turn.then(() => this.#take(body));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #take(body: unknown): Promise<Submitted> {
    const checked = checkSubmission(body, this.#catalog, this.#clock());
    if ("faults" in checked) return checked;
    const kept = await find(this.#folder, checked.line.evidence_id);
    const answer = await preview(kept ?? checked.line, this.#catalog);
    return { answer, added: kept === undefined && await append(this.#folder, checked.line) };
  }
}

/** The line that a body makes, or one sentence for every fault. Pure. */
export function checkSubmission(
  body: unknown,
  catalog: Catalog,
  now: Date,
): { readonly line: SubmissionLine } | { readonly faults: string[] } {
  const checked = check(Submission, body);
  if ("faults" in checked) return checked;
  const submission = checked.value;
  const gpu = gpuNamed(catalog, submission.hardware.gpu_name);
  if (gpu === undefined) {
    const known = nearest(submission.hardware.gpu_name, catalog.gpus.map(({ name }) => name));
    return {
      faults: [
        `hardware.gpu_name: unknown GPU ${JSON.stringify(submission.hardware.gpu_name)}, nearest known: ${
          known.join(", ")
        }; a new one is added in data/catalog/gpus.json`,
      ],
    };
  }
  const model = catalog.models.find(({ name }) => name === submission.model.name);
  const faults = implausible(submission, { gpu, model, now });
  if (faults.length > 0) return { faults };
  return { line: { received_at: now.toISOString(), evidence_id: digestOf(submission), submission } };
}

/** The answer as the next build will have it, by the same SQL. */
async function preview(line: SubmissionLine, catalog: Catalog): Promise<BenchmarkAnswer> {
  using db = await Database.inMemory();
  await createTables(db, catalog);
  await insertSummaries(db, [summaryOf(line)], catalog);
  const [row] = await db.rows("SELECT id FROM benchmarks");
  const answer = await get(db, String(row?.id));
  if (answer === null) throw new Error(`the submission ${line.evidence_id} was not inserted`);
  return answer;
}

/** The line of a submission that was taken before. */
async function find(folder: string, evidenceId: string): Promise<SubmissionLine | undefined> {
  const lines = (await wholeLines(join(folder, SUBMISSIONS))).split("\n");
  const found = lines.find((line) => line.includes(`"evidence_id":"${evidenceId}"`));
  return found === undefined ? undefined : SubmissionLine.parse(JSON.parse(found));
}

/** Appends and flushes the line; false when another process was faster. What a crash left of a line is cut off first. */
async function append(folder: string, line: SubmissionLine): Promise<boolean> {
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, SUBMISSIONS);
  using file = await Deno.open(path, { read: true, write: true, create: true });
  await file.lock(true);
  if (await find(folder, line.evidence_id) !== undefined) return false;
  const end = new TextEncoder().encode(await wholeLines(path)).length;
  await file.truncate(end);
  await file.seek(end, Deno.SeekMode.Start);
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
  await file.syncData();
  return true;
}
