// What an import writes into the manifest: an entry for each directory that came in, and its success.
import { join } from "node:path";
import { exists, writeAtomic } from "../lib/files.ts";
import { readMetadata } from "../lib/raw_files.ts";
import type { Sealed } from "../lib/seal.ts";
import { Entry } from "../schema/entry.ts";
import type { JournalLine } from "../schema/manifest.ts";
import { parseOrRefuse } from "../schema/parse.ts";
import { slug } from "../schema/slug.ts";
import { wellFormedJson } from "../schema/text.ts";

/** A directory that came in. */
export interface Brought {
  readonly entry: Entry;
  readonly sealed: Sealed;
}

interface Facts {
  readonly provider: string;
  readonly price: number | null;
  readonly location: string | null;
}

/** The manifest's entry for an imported directory; its metadata is checked when it is sealed. */
export async function entryOf(
  dir: string,
  { provider, price, location }: Facts,
  home: string,
): Promise<Entry> {
  const { hardware, model: { name: model, runtime: told }, test_config } = readMetadata(dir);
  const runtime = told ?? "unknown";
  const gpu = hardware.gpu_name ?? "any";
  const name = slug([provider, gpu, runtime, model].join("-"));
  let id = name;
  for (let n = 2; await exists(join(home, id)); n++) id = `${name}-${n}`;
  return parseOrRefuse(
    Entry,
    {
      id,
      gpu,
      provider,
      model,
      engine: runtime === "ollama" ? { name: "ollama" } : { name: "openai", runtime },
      workload: {
        duration_seconds: test_config?.duration_seconds || undefined,
        max_tokens: test_config?.max_tokens || undefined,
      },
      price_per_hour: price,
      location,
    },
    join(dir, "metadata.json"),
    "A test lasts at most a day, and asks for at most 131,072 tokens.",
  );
}

/** The journal of an import: its entries, then a success each. */
export async function writeJournal(
  runDir: string,
  run_id: string,
  taken: readonly Brought[],
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
  await writeAtomic(join(runDir, "journal.jsonl"), lines.map((line) => `${wellFormedJson(line)}\n`).join(""));
}
