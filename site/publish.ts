// What of the data goes to the site: what the builder wrote, and the evidence and the results that it read, as they were sealed. Whatever else lies there stays there, and is named.
import { dirname, join } from "node:path";
import { ownOrShipped } from "../pipeline/lib/catalog.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { isSystemError, systemFault } from "../pipeline/lib/files.ts";
import { copyPlain, readPlainText, UnreadError } from "../pipeline/lib/plain_file.ts";
import { cleanLine } from "../pipeline/lib/terminal.ts";
import type { Paths } from "../pipeline/paths.ts";
import { type BuildRecord, isData } from "../pipeline/schema/build_record.ts";
import { EVIDENCE_FILES, isEvidenceFile } from "../pipeline/schema/evidence_files.ts";
import { Provenance } from "../pipeline/schema/provenance.ts";
import { shortText } from "../pipeline/schema/text.ts";

/** Told of what is left out, a sentence a folder and reason. */
type Tell = (text: string) => void;

/** How many names such a sentence holds, and how much of each. */
const MOST_NAMED = 20;
const LONGEST_NAME = 80;
const UNREAD = "the last build of the data did not read it";
const NOT_SEALED = "provenance.json does not tell of it";
const NO_EVIDENCE = "evidence has no such file";
const MOST_RESULTS_BYTES = 64 * 2 ** 20;

/** Copies data, evidence and results below `dist`. */
export async function publishData(
  paths: Paths,
  written: BuildRecord,
  dist: string,
  tell: Tell,
): Promise<void> {
  for (const path of Object.keys(written.files)) {
    const to = join(dist, isData(path) ? "data" : "", path);
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(join(paths.exported, path), to);
  }
  const seals = await sealsRead(paths.database);
  await publishResults(paths, seals, join(dist, "published"), tell);
  publishEvidence(paths.raw, seals, join(dist, "raw"), tell);
}

/** The SHA-256 of all that the tables were built from: of files of results as `published/<name>`, of the seals of evidence as `<run>/<entry>`. */
async function sealsRead(database: string): Promise<ReadonlyMap<string, string>> {
  using db = await Database.reading(database);
  const rows = await db.rows(
    "SELECT concat_ws('/', run_id, nullif(entry_id, '')) AS name, seal FROM sources WHERE left_out IS NULL",
  );
  return new Map(rows.map(({ name, seal }) => [String(name), String(seal)]));
}

async function publishResults(
  paths: Paths,
  seals: ReadonlyMap<string, string>,
  to: string,
  tell: Tell,
): Promise<void> {
  const folder = await ownOrShipped(paths, "published");
  const wasRead = [...seals.keys()].some((name) => name.startsWith("published/"));
  // A rehearsal takes in nothing of what comes with the almanac.
  if (!wasRead && folder !== join(paths.root, "data", "published")) return;
  const left = new Left(folder);
  for (const { name } of itemsOf(folder, left)) {
    const seal = name.endsWith(".json") ? seals.get(`published/${name.slice(0, -5)}`) : undefined;
    if (seal === undefined) left.add(name, UNREAD);
    else left.add(name, copySealed(join(folder, name), join(to, name), seal, MOST_RESULTS_BYTES));
  }
  left.tell(tell);
}

function publishEvidence(raw: string, seals: ReadonlyMap<string, string>, to: string, tell: Tell): void {
  const left = new Left(raw);
  for (const run of itemsOf(raw, left)) {
    if (!run.isDirectory) left.add(run.name, UNREAD);
    for (const entry of run.isDirectory ? itemsOf(join(raw, run.name), left) : []) {
      const name = `${run.name}/${entry.name}`;
      const seal = entry.isDirectory ? seals.get(name) : undefined;
      const sealed = seal === undefined ? null : sealedFiles(join(raw, name), seal);
      if (sealed === null) left.add(name, UNREAD);
      else publishDirectory(join(raw, name), sealed, join(to, name), tell);
    }
  }
  left.tell(tell);
}

/** The SHA-256 of each file of a directory as its seal tells it, and of the seal; null when that is another by now. */
function sealedFiles(directory: string, seal: string): ReadonlyMap<string, string> | null {
  const name = "provenance.json";
  try {
    const { text, sha256 } = readPlainText(join(directory, name), EVIDENCE_FILES[name].most_bytes);
    if (sha256 !== seal) return null;
    const { files } = Provenance.parse(JSON.parse(text));
    return new Map([...files.map((file) => [file.name, file.sha256] as const), [name, seal]]);
  } catch (error) {
    if (error instanceof UnreadError) return null;
    throw error;
  }
}

function publishDirectory(from: string, sealed: ReadonlyMap<string, string>, to: string, tell: Tell): void {
  const left = new Left(from);
  for (const { name } of itemsOf(from, left)) {
    const sha256 = sealed.get(name);
    if (!isEvidenceFile(name)) left.add(name, NO_EVIDENCE);
    else if (sha256 === undefined) left.add(name, NOT_SEALED);
    else {left.add(
        name,
        copySealed(join(from, name), join(to, name), sha256, EVIDENCE_FILES[name].most_bytes),
      );}
  }
  left.tell(tell);
}

/** Copies a file that has this SHA-256; null, or why it was not copied. */
function copySealed(from: string, to: string, sha256: string, most_bytes: number): string | null {
  Deno.mkdirSync(dirname(to), { recursive: true });
  try {
    copyPlain(from, to, sha256, most_bytes);
    return null;
  } catch (error) {
    if (error instanceof UnreadError) return error.message;
    throw error;
  }
}

/** What of a folder is not published, by the reason. */
class Left {
  readonly #names = new Map<string, string[]>();

  constructor(readonly folder: string) {}

  /** `why`: null for what is published. */
  add(name: string, why: string | null): void {
    if (why !== null) this.#names.set(why, [...this.#names.get(why) ?? [], name]);
  }

  tell(tell: Tell): void {
    const shown = (name: string) => shortText(cleanLine(name), LONGEST_NAME);
    for (const [why, left] of this.#names) {
      const names = left.toSorted().slice(0, MOST_NAMED).map(shown).join(", ");
      const more = left.length > MOST_NAMED ? ` and ${left.length - MOST_NAMED} more` : "";
      tell(`not published from ${this.folder}: ${names}${more}: ${why}`);
    }
  }
}

/** What lies in a folder; nothing when there is none, or when it cannot be read. Links are neither files nor directories. */
function itemsOf(folder: string, left: Left): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (!isSystemError(error)) throw error;
    left.add(folder, systemFault(error));
    return [];
  }
}
