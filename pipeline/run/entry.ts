// One entry on a machine that is ready for it: measured, collected, written down. What was measured is kept, whatever happens.
import { join } from "node:path";
import { exists } from "../lib/files.ts";
import type { Entry } from "../schema/entry.ts";
import { workloadLabel } from "../schema/load.ts";
import { Failure } from "../schema/failures.ts";
import type { JournalLine } from "../schema/manifest.ts";
import type { Stage } from "../schema/names.ts";
import { benchmark, evidenceDir, mirrorDir } from "../stages/benchmark.ts";
import { collect, type Collected } from "../stages/collect.ts";
import type { Leased } from "../stages/context.ts";
import type { Ready } from "../stages/setup.ts";
import type { RunContext } from "./context.ts";

export interface EntryFailure {
  readonly error: unknown;
  readonly stage: Stage;
  /** Evidence of what was measured before; null when there is none. */
  readonly raw_dir: string | null;
}

/** Measures one entry; null when it succeeded. */
export async function runEntry(
  leased: Leased,
  ready: Ready,
  entry: Entry,
  context: RunContext,
): Promise<EntryFailure | null> {
  const { journal, fleet, board, log } = context;
  const { machine_id, lease_id } = leased;
  const folder = await folderFor(entry, leased, context);
  const announce = (stage: Stage) =>
    journal.append({ event: "stage", entry_id: entry.id, stage, lease_id, machine_id, folder });
  announce("benchmark");
  fleet.work(machine_id, "measure", [entry.id]);
  log.info(`${entry.id}  benchmark  ${loadInWords(entry)}`);
  board.stage(lease_id, entry.id);
  const [measured] = await Promise.allSettled([
    benchmark(leased, ready, entry, folder, {
      ...context,
      progress: (tally) => board.tally(lease_id, entry.id, tally),
    }),
  ]);
  if (!leased.signal.aborted) announce("collect");
  fleet.work(machine_id, "collect", [entry.id]);
  const source = {
    machine: leased.machine,
    out: evidenceDir(leased, folder),
    mirror: mirrorDir(folder, context),
    record: fleet.record(machine_id),
    clock_ahead_seconds: ready.site.clock_ahead,
  };
  const [kept] = await Promise.allSettled([
    collect(source, entry, folder, context).catch((error) => {
      // Of a benchmark that failed, what came home before is kept even when the machine can no longer be reached.
      if (measured.status === "fulfilled") throw error;
      return collect({ ...source, machine: null }, entry, folder, context);
    }),
  ]);
  const collected = kept.status === "fulfilled" ? kept.value : null;
  if (measured.status === "rejected") {
    return { error: measured.reason, stage: "benchmark", raw_dir: collected?.raw_dir ?? null };
  }
  if (kept.status === "rejected") return { error: kept.reason, stage: "collect", raw_dir: null };
  if (collected === null) {
    const error = new Failure("no_results", `Cannot collect ${entry.id}: the agent left no result line`);
    return { error, stage: "collect", raw_dir: null };
  }
  succeed(entry, collected, machine_id, context);
  return null;
}

/** Writes a success down. */
export function succeed(
  { id }: Entry,
  { raw_dir, tokens_per_second }: Pick<Collected, "raw_dir" | "tokens_per_second">,
  machine_id: string | null,
  { journal, log }: Pick<RunContext, "journal" | "log">,
): void {
  journal.append({ event: "success", entry_id: id, raw_dir, tokens_per_second, machine_id });
  log.info(`${id}  success  ${tokens_per_second?.toFixed(1) ?? "–"} tokens/s`);
}

/** The last try of an entry that has neither succeeded nor failed; null when there is none. */
export function openTry(
  lines: readonly JournalLine[],
  entryId: string,
): { readonly folder: string; readonly machine_id: string | null } | null {
  const last = lines.findLast((line) =>
    "entry_id" in line && line.entry_id === entryId && (line.event !== "stage" || line.folder !== null)
  );
  if (last?.event !== "stage" || last.folder === null) return null;
  return { folder: last.folder, machine_id: last.machine_id };
}

/** The folder of the try that goes on on this machine, or one that no earlier try has used: `<id>`, `<id>-retry2` … */
async function folderFor(
  { id }: Entry,
  { machine_id }: Leased,
  { journal, paths, run_id }: RunContext,
): Promise<string> {
  const open = openTry(journal.lines, id);
  if (open !== null && open.machine_id === machine_id) return open.folder;
  const used = new Set(journal.lines.flatMap((line) => line.event === "stage" ? [line.folder] : []));
  let folder = id;
  for (let n = 2; used.has(folder) || await exists(join(paths.raw, run_id, folder)); n++) {
    folder = `${id}-retry${n}`;
  }
  return folder;
}

function loadInWords({ workload }: Entry): string {
  return `${workload.duration_seconds} s at ${workloadLabel(workload)}`;
}
