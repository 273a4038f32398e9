// Results known only as figures become rows, file by file; a file that cannot be used is left out by name.
import { messageOf } from "../errors.ts";
import type { Catalog } from "../lib/catalog.ts";
import { type Database, quote } from "../lib/duckdb.ts";
import { isSystemError, sha256Hex, systemFault } from "../lib/files.ts";
import type { Paths } from "../paths.ts";
import { insertPicks, insertSummaries, type SummaryFile, summaryFiles } from "../summaries/mod.ts";
import { forget, type Source } from "./changes.ts";
import { isOfTheData } from "./readable.ts";
import type { RawDirectory } from "./scan.ts";

const SIMULATED = /"origin": *"simulated"/;

/** The files of results as they are now, and a notice for what cannot be read. Those that come with the almanac stay out of a rehearsal, in which simulated results are ranked. */
export async function filesOfFigures(
  paths: Paths,
  raw: readonly RawDirectory[],
): Promise<{ files: SummaryFile[]; notices: string[] }> {
  const isRehearsal = raw.length > 0 && raw.every(({ provenance }) => SIMULATED.test(provenance));
  try {
    return await summaryFiles(paths, !isRehearsal);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const notice = `published and submitted results are left out: ${systemFault(error)}: ${error.message}`;
    return { files: [], notices: [notice] };
  }
}

export function sourceOf({ text }: SummaryFile): Source {
  return { entry_id: "", seal: sha256Hex(text) };
}

/** Brings the results of a file into the tables. Returns notices. */
export async function buildFigures(
  db: Database,
  file: SummaryFile,
  catalog: Catalog,
): Promise<readonly string[]> {
  try {
    const { summaries, picks, notices } = file.told();
    await insertSummaries(db, summaries, catalog);
    await insertPicks(db, file.run_id, picks);
    await db.run(
      `INSERT INTO sources BY NAME SELECT ${quote(file.run_id)} AS run_id, '' AS entry_id, ${
        quote(sourceOf(file).seal)
      } AS seal`,
    );
    return notices;
  } catch (error) {
    if (!isOfTheData(error)) throw error;
    await forget(db, [file.run_id]);
    return [`${file.run_id} is left out: ${messageOf(error).split("\n")[0]}`];
  }
}
