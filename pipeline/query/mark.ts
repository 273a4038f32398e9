// Whether the almanac is a rehearsal: one answer for the command line, the API and its static mirror.
import type { Database } from "../lib/duckdb.ts";
import type { Mark } from "../schema/mark.ts";
import { ask } from "./ask.ts";

/** What every answer from this database begins with. */
export async function markOf(db: Database): Promise<Mark> {
  const [row] = await ask(db, "rehearsal");
  return row?.is_rehearsal === true ? { simulated: true } : {};
}
