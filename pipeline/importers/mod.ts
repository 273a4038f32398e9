// Takes result directories in: each becomes a sealed raw directory of a run of its own, or is refused whole with a reason.
import { join, resolve } from "node:path";
import { z } from "zod";
import { reasonOf, UserError } from "../errors.ts";
import { digestOf } from "../lib/evidence_id.ts";
import { exists, isSystemError } from "../lib/files.ts";
import type { Log } from "../lib/log.ts";
import { readPlainText, UnreadError } from "../lib/plain_file.ts";
import { newRunId } from "../lib/run_id.ts";
import { sealRawDirectory } from "../lib/seal.ts";
import type { Paths } from "../paths.ts";
import { EVIDENCE_FILES } from "../schema/evidence_files.ts";
import { parseOrRefuse } from "../schema/parse.ts";
import { plainName } from "../schema/plain_text.ts";
import { LEAST_PRICE_PER_HOUR, type Provenance } from "../schema/provenance.ts";
import { almanac } from "./almanac.ts";
import { type Brought, entryOf, writeJournal } from "./journal.ts";
import { foreignFile } from "./foreign.ts";
import type { Importer } from "./importer.ts";

export const importers: Readonly<Record<string, Importer>> = { almanac };

/** What the directories do not say themselves. `price`: US dollars per hour. */
export interface ImportFacts {
  readonly provider: string;
  readonly price: number | null;
  readonly location: string | null;
  /** Name of the format; default: detected for each directory. */
  readonly format?: string;
}

const Place = z.object({
  provider: plainName(60),
  location: plainName(80).nullable(),
  price: z.number().min(LEAST_PRICE_PER_HOUR).max(1e6).nullable(),
});

export interface Imported {
  readonly run_id: string;
  readonly imported: { dir: string; entry_id: string; requests: number; rejected: number }[];
  readonly refused: { dir: string; reason: string }[];
}

/** Imports `dirs` into data/raw/<new run>/. Lines that are left out are told through `log` with file, line and reason. */
export async function importDirectories(
  dirs: readonly string[],
  facts: ImportFacts,
  paths: Paths,
  log: Log,
  now: Date,
): Promise<Imported> {
  if (facts.format !== undefined && !Object.hasOwn(importers, facts.format)) {
    throw new UserError(
      `Cannot import: unknown format "${facts.format}"`,
      `Known formats: ${Object.keys(importers).join(", ")}; without --format it is detected.`,
      { exitCode: 2 },
    );
  }
  parseOrRefuse(Place, facts, "what the import is told", "Name them as they are to be published.");
  const run_id = newRunId(now);
  const known = await knownEvidence(paths.raw);
  const result: Imported = { run_id, imported: [], refused: [] };
  const taken: Brought[] = [];
  const take = async (dir: string) => {
    const { sealed, entry, notes } = await importOne(resolve(dir), run_id, facts, paths, known, now);
    for (const warning of [...notes, ...sealed.warnings]) log.warn(`${dir}: ${warning}`);
    taken.push({ entry, sealed });
    const { requests, rejected_lines } = sealed;
    result.imported.push({ dir, entry_id: entry.id, requests, rejected: rejected_lines.length });
  };
  const refuse = async (dir: string, error: unknown) => {
    result.refused.push({ dir, reason: reasonOf(await refusal(error, dir)) });
  };
  try {
    for (const dir of dirs) await take(dir).catch((error) => refuse(dir, error));
  } finally {
    // What is sealed stands in the manifest, whatever ended the import.
    if (taken.length > 0) await writeJournal(join(paths.runs, run_id), run_id, taken, now);
  }
  return result;
}

/** What a user is told of a directory that cannot be taken in. A fault of this program is thrown on. */
async function refusal(error: unknown, dir: string): Promise<UserError> {
  if (!(error instanceof UserError) && !isSystemError(error)) throw error;
  const foreign = await foreignFile(resolve(dir));
  if (foreign !== null) {
    return new UserError(
      `Cannot import ${dir}: ${foreign.file} looks like a result of ${foreign.tool}, which cannot be read yet`,
      KNOWN_FORMATS,
      { cause: error },
    );
  }
  if (error instanceof UserError) return error;
  return new UserError(`Cannot import ${dir}`, "See that it can be read and that the disk has room.", {
    cause: error,
  });
}

interface Taken extends Brought {
  /** One sentence for each thing that was left out or changed. */
  readonly notes: readonly string[];
}

async function importOne(
  dir: string,
  run_id: string,
  facts: ImportFacts,
  paths: Paths,
  known: Map<string, string>,
  now: Date,
): Promise<Taken> {
  const importer = await importerFor(dir, facts.format);
  const home = join(paths.raw, run_id);
  const partial = join(home, ".partial");
  try {
    await Deno.mkdir(partial, { recursive: true });
    const notes = await importer.convert(dir, partial);
    const entry = await entryOf(partial, facts, home);
    const source = {
      run_id,
      entry_id: entry.id,
      origin: importer.origin,
      provider: facts.provider,
      location: facts.location,
      price_per_hour: facts.price,
      collected_at: now.toISOString(),
    };
    const first = await sealRawDirectory(partial, source);
    const like = known.get(first.evidence_id);
    const isApart = like !== undefined && hasOtherGpu(like, first.files);
    const sealed = isApart ? await sealRawDirectory(partial, source, true) : first;
    if (sealed.impossible !== null) {
      throw new UserError(
        `Cannot use ${join(dir, "results.jsonl")}: ${sealed.impossible}`,
        "`dur` and `t` are seconds, `tps` is tokens per second; above one request at a time metadata.json tells test_config.concurrent_reqs.",
      );
    }
    const twin = known.get(sealed.evidence_id);
    if (twin !== undefined) {
      throw new UserError(
        `Cannot import ${dir}: the same evidence is already there as ${twin}`,
        "Nothing to do. Should it be damaged there, delete that folder first.",
      );
    }
    known.set(sealed.evidence_id, join(home, entry.id));
    await Deno.rename(partial, join(home, entry.id));
    return { sealed, entry, notes: isApart ? [...notes, `${OTHER_GPU} ${like}`] : notes };
  } catch (error) {
    await Deno.remove(partial, { recursive: true }).catch(() => undefined);
    await Deno.remove(home).catch(() => undefined);
    if (error instanceof UserError) {
      throw new UserError(error.message.replaceAll(partial, dir), error.hint, { cause: error.cause });
    }
    throw error;
  }
}

const OTHER_GPU = "it counts as evidence of its own, since only its gpu.csv differs from that of";

/** Whether the evidence at `path` and these files both have a gpu.csv, and each another. */
function hasOtherGpu(path: string, files: Provenance["files"]): boolean {
  const own = digestOf(files, "gpu.csv");
  const text = sealText(path);
  return own !== "" && text.includes('"gpu.csv"') && !text.includes(own);
}

const KNOWN_FORMATS = "A directory of the almanac's own format has results.jsonl, metadata.json and gpu.csv.";

async function importerFor(dir: string, format: string | undefined): Promise<Importer> {
  const named = format === undefined ? undefined : importers[format];
  if (!await exists(dir)) {
    throw new UserError(`Cannot import ${dir}: it is not there`, "Name an existing directory.");
  }
  if (!(await Deno.stat(dir)).isDirectory) {
    throw new UserError(`Cannot import ${dir}: it is no directory`, KNOWN_FORMATS);
  }
  if (named !== undefined) return named;
  for (const importer of Object.values(importers)) if (await importer.recognises(dir)) return importer;
  throw new UserError(
    `Cannot import ${dir}: it has neither results.jsonl nor metadata.json`,
    "Name directories that each hold one result.",
  );
}

/** Where each evidence lies that is there already. What cannot be read is no reason to take nothing in. */
async function knownEvidence(raw: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const run of await folders(raw)) {
    for (const entry of await folders(join(raw, run))) {
      const path = join(raw, run, entry);
      const id = /"evidence_id": *"(\w+)"/.exec(sealText(path))?.[1];
      if (id !== undefined) known.set(id, path);
    }
  }
  return known;
}

/** The text of a directory's seal; empty when it cannot be read. */
function sealText(path: string): string {
  try {
    return readPlainText(join(path, "provenance.json"), EVIDENCE_FILES["provenance.json"].most_bytes).text;
  } catch (error) {
    if (error instanceof UnreadError) return "";
    throw error;
  }
}

async function folders(path: string): Promise<string[]> {
  try {
    const items = await Array.fromAsync(Deno.readDir(path));
    return items.filter((item) => item.isDirectory).map((item) => item.name);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}
