// What of the data goes to the site: what the builder wrote, and the evidence and the results that it read. Whatever else lies there stays there, and is named.
import { dirname, join } from "node:path";
import { ownOrShipped } from "../pipeline/lib/catalog.ts";
import { Database } from "../pipeline/lib/duckdb.ts";
import { sha256Hex } from "../pipeline/lib/files.ts";
import { cleanLine } from "../pipeline/lib/terminal.ts";
import type { Paths } from "../pipeline/paths.ts";
import { type BuildRecord, isData } from "../pipeline/schema/build_record.ts";
import { EVIDENCE_FILES, isEvidenceFile } from "../pipeline/schema/evidence_files.ts";
import { shortText } from "../pipeline/schema/text.ts";

/** Told of what is left out, a sentence a folder. */
type Tell = (text: string) => void;

/** How many names such a sentence holds, and how much of each. */
const MOST_NAMED = 20;
const LONGEST_NAME = 80;
const UNREAD = "the last build of the data did not read it";

/** Copies data, evidence and results below `dist`. */
export async function publishData(
  paths: Paths,
  written: BuildRecord,
  dist: string,
  tell: Tell,
): Promise<void> {
  for (const path of Object.keys(written.files)) {
    await copy(join(paths.exported, path), join(dist, isData(path) ? "data" : "", path));
  }
  const seals = await sealsRead(paths.database);
  await publishResults(await ownOrShipped(paths, "published"), seals, join(dist, "published"), tell);
  await publishEvidence(paths.raw, seals, join(dist, "raw"), tell);
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
  folder: string,
  seals: ReadonlyMap<string, string>,
  to: string,
  tell: Tell,
): Promise<void> {
  const left: string[] = [];
  for (const { name, isFile } of itemsOf(folder)) {
    const seal = seals.get(`published/${name.replace(/\.json$/, "")}`);
    const path = join(folder, name);
    if (isFile && name.endsWith(".json") && isSealed(path, seal)) await copy(path, join(to, name));
    else left.push(name);
  }
  tellOf(folder, left, UNREAD, tell);
}

async function publishEvidence(
  raw: string,
  seals: ReadonlyMap<string, string>,
  to: string,
  tell: Tell,
): Promise<void> {
  const left: string[] = [];
  for (const run of itemsOf(raw)) {
    if (!run.isDirectory) left.push(run.name);
    for (const entry of run.isDirectory ? itemsOf(join(raw, run.name)) : []) {
      const name = `${run.name}/${entry.name}`;
      const isRead = entry.isDirectory && isSealed(join(raw, name, "provenance.json"), seals.get(name));
      if (isRead) await publishDirectory(join(raw, name), join(to, name), tell);
      else left.push(name);
    }
  }
  tellOf(raw, left, UNREAD, tell);
}

/** Copies the files that evidence consists of, each up to its largest size. */
async function publishDirectory(from: string, to: string, tell: Tell): Promise<void> {
  const left: string[] = [];
  for (const { name, isFile } of itemsOf(from)) {
    const path = join(from, name);
    const fits = isFile && isEvidenceFile(name) &&
      Deno.lstatSync(path).size <= EVIDENCE_FILES[name].most_bytes;
    if (fits) await copy(path, join(to, name));
    else left.push(name);
  }
  tellOf(from, left, "evidence has no such file, or none so large", tell);
}

/** Whether the file is still the one of this SHA-256. */
function isSealed(path: string, seal: string | undefined): boolean {
  try {
    return seal !== undefined && sha256Hex(Deno.readFileSync(path)) === seal;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function tellOf(folder: string, left: readonly string[], why: string, tell: Tell): void {
  if (left.length === 0) return;
  const shown = (name: string) => shortText(cleanLine(name), LONGEST_NAME);
  const names = left.toSorted().slice(0, MOST_NAMED).map(shown).join(", ");
  const more = left.length > MOST_NAMED ? ` and ${left.length - MOST_NAMED} more` : "";
  tell(`not published from ${folder}: ${names}${more}: ${why}`);
}

/** What lies in a folder; nothing when there is none. Links are neither files nor directories. */
function itemsOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.copyFile(from, to);
}
