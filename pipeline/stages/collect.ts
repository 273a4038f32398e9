// The evidence comes home: copied whole, sealed with its digests, then moved to its place in one step.
import { join } from "node:path";
import { exists } from "../lib/files.ts";
import { type Sealed, sealRawDirectory } from "../lib/seal.ts";
import type { Machine } from "../providers/provider.ts";
import type { Entry } from "../schema/entry.ts";
import type { StageContext } from "./context.ts";

export interface Collected extends Sealed {
  /** Folder below data/raw. */
  readonly raw_dir: string;
}

/** Collects `out` of the machine into data/raw/<run>/<folder>; null when the agent left no result line. */
export async function collect(
  machine: Pick<Machine, "download">,
  entry: Entry,
  folder: string,
  out: string,
  context: StageContext,
): Promise<Collected | null> {
  const home = join(context.paths.raw, context.run_id);
  const partial = join(home, `.${folder}.partial`);
  await Deno.mkdir(home, { recursive: true });
  if (await exists(partial)) await Deno.remove(partial, { recursive: true });
  try {
    await machine.download(out, partial);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  if (!await hasLines(join(partial, "results.jsonl"))) {
    await Deno.remove(partial, { recursive: true });
    return null;
  }
  const sealed = await sealRawDirectory(partial, {
    run_id: context.run_id,
    entry_id: folder,
    origin: "measured",
    provider: entry.provider,
    location: entry.location,
    price_per_hour: entry.price_per_hour,
    collected_at: new Date().toISOString(),
  });
  for (const warning of sealed.warnings) context.log.warn(`${folder}: ${warning}`);
  await Deno.rename(partial, join(home, folder));
  await Deno.remove(out, { recursive: true }).catch(() => {});
  return { ...sealed, raw_dir: `${context.run_id}/${folder}` };
}

async function hasLines(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch {
    return false;
  }
}
