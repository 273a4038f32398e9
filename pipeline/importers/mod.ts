// Takes result directories in: each becomes a sealed raw directory of a run of its own, or is refused whole with a reason.
import { basename, join, resolve } from "node:path";
import { reasonOf, UserError } from "../errors.ts";
import { exists, readText, writeAtomic } from "../lib/files.ts";
import type { Log } from "../lib/log.ts";
import { newRunId } from "../lib/run_id.ts";
import { type Sealed, sealRawDirectory } from "../lib/seal.ts";
import type { Paths } from "../paths.ts";
import { Entry } from "../schema/entry.ts";
import type { JournalLine } from "../schema/manifest.ts";
import { Metadata } from "../schema/metadata.ts";
import { slug } from "../schema/slug.ts";
import { almanac } from "./almanac.ts";
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
  const run_id = newRunId(now);
  const known = await knownEvidence(paths.raw);
  const result: Imported = { run_id, imported: [], refused: [] };
  const taken: { entry: Entry; sealed: Sealed }[] = [];
  for (const dir of dirs) {
    try {
      const { sealed, entry } = await importOne(resolve(dir), run_id, facts, paths, known, now);
      for (const warning of sealed.warnings) log.warn(`${dir}: ${warning}`);
      taken.push({ entry, sealed });
      result.imported.push({
        dir,
        entry_id: entry.id,
        requests: sealed.requests,
        rejected: sealed.rejected_lines.length,
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      result.refused.push({ dir, reason: reasonOf(error) });
    }
  }
  if (taken.length > 0) await writeJournal(join(paths.runs, run_id), run_id, taken, now);
  return result;
}

async function importOne(
  dir: string,
  run_id: string,
  facts: ImportFacts,
  paths: Paths,
  known: Map<string, string>,
  now: Date,
): Promise<{ sealed: Sealed; entry: Entry }> {
  const importer = await importerFor(dir, facts.format);
  const home = join(paths.raw, run_id);
  const partial = join(home, `.${basename(dir)}.partial`);
  try {
    await Deno.mkdir(partial, { recursive: true });
    await importer.convert(dir, partial);
    const entry = await entryOf(partial, facts, home);
    const sealed = await sealRawDirectory(partial, {
      run_id,
      entry_id: entry.id,
      origin: importer.origin,
      provider: facts.provider,
      location: facts.location,
      price_per_hour: facts.price,
      collected_at: now.toISOString(),
    });
    const twin = known.get(sealed.evidence_id);
    if (twin !== undefined) {
      throw new UserError(
        `Cannot import ${dir}: the same evidence is already there as ${twin}`,
        "Nothing to do.",
      );
    }
    known.set(sealed.evidence_id, join(home, entry.id));
    await Deno.rename(partial, join(home, entry.id));
    return { sealed, entry };
  } catch (error) {
    await Deno.remove(partial, { recursive: true }).catch(() => undefined);
    await Deno.remove(home).catch(() => undefined);
    if (error instanceof UserError) {
      throw new UserError(error.message.replaceAll(partial, dir), error.hint, { cause: error.cause });
    }
    throw error;
  }
}

async function importerFor(dir: string, format: string | undefined): Promise<Importer> {
  const named = format === undefined ? undefined : importers[format];
  if (!await exists(dir)) {
    throw new UserError(`Cannot import ${dir}: it is not there`, "Name an existing directory.");
  }
  if (named !== undefined) return named;
  for (const importer of Object.values(importers)) if (await importer.recognises(dir)) return importer;
  throw new UserError(
    `Cannot import ${dir}: it has neither results.jsonl nor metadata.json`,
    "Name directories that each hold one result.",
  );
}

/** The manifest's entry for an imported directory; its metadata is checked when it is sealed. */
async function entryOf(
  dir: string,
  { provider, price, location }: ImportFacts,
  home: string,
): Promise<Entry> {
  const metadata = await readMetadata(dir);
  const runtime = metadata?.model.runtime ?? "unknown";
  const gpu = metadata?.hardware.gpu_name ?? "any";
  const model = metadata?.model.name ?? "unknown";
  const name = slug([provider, gpu, runtime, model].join("-"));
  let id = name;
  for (let n = 2; await exists(join(home, id)); n++) id = `${name}-${n}`;
  return Entry.parse({
    id,
    gpu,
    provider,
    model,
    engine: runtime === "ollama" ? { name: "ollama" } : { name: "openai", runtime },
    workload: {
      duration_seconds: metadata?.test_config?.duration_seconds || undefined,
      max_tokens: metadata?.test_config?.max_tokens || undefined,
    },
    price_per_hour: price,
    location,
  });
}

async function readMetadata(dir: string): Promise<Metadata | null> {
  try {
    return Metadata.parse(JSON.parse(await readText(join(dir, "metadata.json"))));
  } catch {
    return null;
  }
}

/** The journal of an import: its entries, then a success each. */
async function writeJournal(
  runDir: string,
  run_id: string,
  taken: readonly { entry: Entry; sealed: Sealed }[],
  now: Date,
): Promise<void> {
  const at = now.toISOString();
  const lines: JournalLine[] = [
    {
      event: "run",
      at,
      run_id,
      matrix: "import",
      entries: taken.map(({ entry }) => entry),
      simulated: false,
    },
    ...taken.map(({ entry, sealed }): JournalLine => ({
      event: "success",
      at,
      entry_id: entry.id,
      raw_dir: `${run_id}/${entry.id}`,
      tokens_per_second: sealed.tokens_per_second,
      machine_id: null,
    })),
  ];
  await writeAtomic(join(runDir, "journal.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

async function knownEvidence(raw: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const run of await folders(raw)) {
    for (const entry of await folders(join(raw, run))) {
      const path = join(raw, run, entry);
      const text = await Deno.readTextFile(join(path, "provenance.json")).catch(() => "{}");
      known.set(String((JSON.parse(text) as { evidence_id?: string }).evidence_id), path);
    }
  }
  return known;
}

async function folders(path: string): Promise<string[]> {
  if (!await exists(path)) return [];
  return (await Array.fromAsync(Deno.readDir(path))).filter((item) => item.isDirectory).map((item) =>
    item.name
  );
}
