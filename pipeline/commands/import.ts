// import: result directories of others become raw evidence here, then the data is built.
import { buildData } from "../build/mod.ts";
import { importDirectories } from "../importers/mod.ts";
import { lockRoot } from "../lib/lock.ts";
import type { Shell } from "../main.ts";

export interface ImportOptions {
  readonly dirs: string[];
  readonly provider: string;
  readonly price?: number;
  readonly location?: string;
  readonly format?: string;
}

/** Exit code 0 when all came in, 3 when some were refused, 1 when none came in. */
export async function importCommand(
  options: ImportOptions,
  { paths, log, print }: Shell,
): Promise<0 | 1 | 3> {
  using _lock = await lockRoot(paths.root);
  const facts = {
    provider: options.provider,
    price: options.price ?? null,
    location: options.location ?? null,
    ...(options.format === undefined ? {} : { format: options.format }),
  };
  const { run_id, imported, refused } = await importDirectories(options.dirs, facts, paths, log, new Date());
  for (const { dir, reason } of refused) log.warn(`${dir} was refused: ${reason}`);
  if (imported.length > 0) await buildData(paths, log);
  for (const { dir, entry_id, requests, rejected } of imported) {
    print(
      `${dir} → data/raw/${run_id}/${entry_id}: ${requests} requests${
        rejected > 0 ? `, ${rejected} lines rejected` : ""
      }\n`,
    );
  }
  print(`${imported.length} imported, ${refused.length} refused\n`);
  return refused.length === 0 ? 0 : imported.length === 0 ? 1 : 3;
}
