// A submission comes in: checked, answered as the next build will have it, appended to data/submitted before anybody is told.
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Catalog } from "../lib/catalog.ts";
import { Database } from "../lib/duckdb.ts";
import { exists } from "../lib/files.ts";
import { get } from "../query/mod.ts";
import type { BenchmarkAnswer } from "../schema/api.ts";
import { check } from "../schema/parse.ts";
import { Submission, type SubmissionLine } from "../schema/summary.ts";
import { readGiven, saysTheSame } from "./given.ts";
import { digestOf, insertSummaries, SUBMISSIONS, summaryOf } from "./mod.ts";
import { plainFile, wholeLines } from "./plain_file.ts";
import { faultsOf, submittedLines } from "./submitted.ts";
import { createTables } from "./tables.ts";

/** `added` is false when the same was there already. `ignored`: keys that are of no use here. */
export type Submitted =
  | { readonly answer: BenchmarkAnswer; readonly added: boolean; readonly ignored: readonly string[] }
  | { readonly faults: string[] };

/** The almanac's own answer for an id; null when it has none. */
export type Answered = (id: string) => Promise<BenchmarkAnswer | null>;

/** What the built data below `database` answers. */
export function answeredBy(database: string): Answered {
  return async (id) => {
    if (!await exists(database)) return null;
    using db = await Database.reading(database);
    return await get(db, id);
  };
}

export interface SubmissionsOptions {
  /** What the almanac answers already; default: nothing. */
  readonly answered?: Answered;
  readonly clock?: () => Date;
}

/** Takes submissions for the almanac whose data/submitted is `folder`. One at a time: the file has one writer. */
export class Submissions {
  readonly #folder: string;
  readonly #catalog: Catalog;
  readonly #clock: () => Date;
  readonly #answered: Answered;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    folder: string,
    catalog: Catalog,
    { answered = () => Promise.resolve(null), clock = () => new Date() }: SubmissionsOptions = {},
  ) {
    this.#answered = answered;
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
    const given = readGiven(body);
    const { ignored } = given;
    const own = given.id === null ? null : await this.#answered(given.id);
    if (own !== null && saysTheSame(given.body, own.benchmark)) return { answer: own, added: false, ignored };
    const checked = checkSubmission(body, this.#catalog, this.#clock());
    if ("faults" in checked) return checked;
    const before = find(this.#folder, checked.line.evidence_id, this.#catalog);
    const answer = await preview(before ?? checked.line, this.#catalog);
    const added = before === undefined && await append(this.#folder, checked.line, this.#catalog);
    return { answer, added, ignored };
  }
}

/** The line that a body makes, or one sentence for every fault. Pure. */
export function checkSubmission(
  body: unknown,
  catalog: Catalog,
  now: Date,
): { readonly line: SubmissionLine } | { readonly faults: string[] } {
  const given = readGiven(body);
  const checked = check(Submission, given.body);
  if ("faults" in checked) return { faults: [...given.faults, ...checked.faults] };
  if (given.faults.length > 0) return { faults: [...given.faults] };
  const submission = checked.value;
  const faults = faultsOf(submission, catalog, now);
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

/** The whole lines of the file. */
function kept(folder: string): Uint8Array {
  const path = join(folder, SUBMISSIONS);
  const read = plainFile(path);
  if ("bytes" in read) return wholeLines(read.bytes);
  throw new UserError(
    `Cannot add to ${path}: ${read.reason}`,
    "Move it away; submissions are kept in a plain file.",
  );
}

/** The line of a submission that was taken before and is still good. */
function find(folder: string, id: string, catalog: Catalog): SubmissionLine | undefined {
  const told = new TextDecoder().decode(kept(folder)).split("\n").filter((line) => line.includes(id));
  return submittedLines(`${told.join("\n")}\n`, catalog).lines.find(({ evidence_id }) => evidence_id === id);
}

/** Appends and flushes the line; false when another process was faster. What a crash left of a line is cut off first. */
async function append(folder: string, line: SubmissionLine, catalog: Catalog): Promise<boolean> {
  await Deno.mkdir(folder, { recursive: true });
  using file = await Deno.open(join(folder, SUBMISSIONS), { read: true, write: true, create: true });
  await file.lock(true);
  if (find(folder, line.evidence_id, catalog) !== undefined) return false;
  const end = kept(folder).length;
  await file.truncate(end);
  await file.seek(end, Deno.SeekMode.Start);
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
  await file.syncData();
  return true;
}
