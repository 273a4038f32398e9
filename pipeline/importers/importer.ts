// What an importer must offer: it knows a format when it sees it, and turns it into the files of a raw directory.
import type { Origin } from "../schema/names.ts";

export interface Importer {
  readonly name: string;
  /** What results read by it are published as. */
  readonly origin: Origin;
  /** Whether `dir` looks like this format. Reads names and beginnings only. */
  recognises(dir: string): Promise<boolean>;
  /** Writes results.jsonl, metadata.json and what else there is into `out`; a UserError says why it cannot. Gives one sentence for each thing that it left out or changed. */
  convert(dir: string, out: string): Promise<readonly string[]>;
}
