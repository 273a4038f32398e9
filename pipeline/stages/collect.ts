// The evidence comes home: fetched whole and compared, sealed with its digests, then moved to its place in one step.
import { join } from "node:path";
import { copyEvidence } from "../lib/evidence_copy.ts";
import { exists, writeAtomic } from "../lib/files.ts";
import { type Sealed, sealRawDirectory } from "../lib/seal.ts";
import type { Entry } from "../schema/entry.ts";
import type { MachineRecord } from "../schema/machine.ts";
import type { Leased, StageContext } from "./context.ts";

const SHOWN_NAMES = 5;

export interface Collected extends Sealed {
  /** Folder below data/raw. */
  readonly raw_dir: string;
}

/** What collecting needs of its context. */
export type CollectContext = Pick<StageContext, "paths" | "run_id" | "log">;

/** Where evidence comes from: a machine with a folder of it, if that can still be reached, and what is here already. */
export interface Source {
  readonly machine: Leased["machine"] | null;
  /** Folder on the machine. */
  readonly out: string;
  /** Folder here. */
  readonly mirror: string;
  readonly record: MachineRecord | null;
  readonly clock_ahead_seconds: number | null;
}

/** Collects the evidence of `folder` into data/raw/<run>/<folder>; null when there is no result line. */
export async function collect(
  source: Source,
  entry: Entry,
  folder: string,
  context: CollectContext,
): Promise<Collected | null> {
  const home = join(context.paths.raw, context.run_id);
  const partial = join(home, `.${folder}.partial`);
  const left = await source.machine?.download(source.out, source.mirror, true).catch(noneMissing) ?? [];
  if (left.length > 0) {
    context.log.warn(`${folder}: left where it was, since the agent writes no such files: ${named(left)}`);
  }
  if (!await hasLines(join(source.mirror, "results.jsonl"))) return null;
  if (await exists(partial)) await Deno.remove(partial, { recursive: true });
  await copyEvidence(source.mirror, partial, "agent");
  await writeCanary(source, partial);
  const sealed = await sealRawDirectory(partial, {
    run_id: context.run_id,
    entry_id: folder,
    collected_at: new Date().toISOString(),
    gpu: entry.gpu === "any" ? null : entry.gpu,
    engine_flags: entry.engine.flags ?? null,
    ...facts(source, entry),
  });
  for (const warning of sealed.warnings) context.log.warn(`${folder}: ${warning}`);
  await Deno.rename(partial, join(home, folder));
  return { ...sealed, raw_dir: `${context.run_id}/${folder}` };
}

/** What the first minutes on the machine showed belongs to the evidence of all that was measured on it. */
async function writeCanary({ record }: Source, folder: string): Promise<void> {
  if (record === null || record.canary === null) return;
  await writeAtomic(join(folder, "canary.json"), `${JSON.stringify(record.canary, null, 2)}\n`);
}

function facts({ record, clock_ahead_seconds }: Source, { provider, location, price_per_hour }: Entry) {
  if (record === null || record.offer.provider === "local") {
    return { origin: "measured", provider, location, price_per_hour } as const;
  }
  const { offer, simulated, machine_id, provider_id } = record;
  return {
    origin: simulated ? "simulated" : "measured",
    provider,
    location: offer.location ?? location,
    price_per_hour: offer.price_per_hour ?? price_per_hour,
    rental: {
      machine_id,
      session_id: provider_id,
      offer_id: offer.id,
      host: offer.host,
      market: offer.market,
      clock_ahead_seconds,
    },
  } as const;
}

async function hasLines(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch {
    return false;
  }
}

function noneMissing(error: unknown): readonly string[] {
  if (error instanceof Deno.errors.NotFound) return [];
  throw error;
}

/** The first few names, each cut short, and how many more there are. */
function named(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name.slice(0, 60)));
  return [...shown, ...(names.length > SHOWN_NAMES ? [`${names.length - SHOWN_NAMES} more`] : [])].join(", ");
}
