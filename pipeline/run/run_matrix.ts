// Runs a matrix: lease > engine > workload as nested scopes. One entry's failure leaves the others alone, and what was measured is kept.
import { reasonOf, StoppedError } from "../errors.ts";
import { exists } from "../lib/files.ts";
import { type Lease, planLeases, type Sitting } from "../plan/leases.ts";
import type { Machine } from "../providers/provider.ts";
import type { Entry } from "../schema/entry.ts";
import type { ManifestRow } from "../schema/manifest.ts";
import type { Stage } from "../schema/names.ts";
import { benchmark, evidenceDir } from "../stages/benchmark.ts";
import { collect, type Collected } from "../stages/collect.ts";
import type { StageContext } from "../stages/context.ts";
import { load } from "../stages/load.ts";
import { provision } from "../stages/provision.ts";
import { type Ready, setup } from "../stages/setup.ts";
import { join } from "node:path";
import type { Journal } from "./journal.ts";

/** The run's world: what stages need, its journal, and who is told which entry is at work. */
export interface RunContext extends StageContext {
  readonly journal: Journal;
  readonly begin: (entryId: string) => void;
}

/** Works off `entries` and returns the manifest's rows. Throws StoppedError when the signal was aborted; the journal then says what is left. */
export async function runEntries(entries: readonly Entry[], context: RunContext): Promise<ManifestRow[]> {
  for (const lease of planLeases(entries)) await runLease(lease, context);
  return context.journal.rows();
}

async function runLease(lease: Lease, context: RunContext): Promise<void> {
  const entries = lease.sittings.flatMap((sitting) => sitting.entries);
  await attempt("provision", entries, lease.id, context, async () => {
    await using machine = await provision(lease, context);
    for (const sitting of lease.sittings) await runSitting(machine, lease.id, sitting, context);
  });
}

async function runSitting(
  machine: Machine,
  leaseId: string,
  sitting: Sitting,
  context: RunContext,
): Promise<void> {
  await attempt("setup", sitting.entries, leaseId, context, async () => {
    await using ready = await setup(machine, sitting, context);
    await attempt("load", sitting.entries, leaseId, context, async () => {
      await using _loaded = await load(ready, sitting, context);
      for (const entry of sitting.entries) await runEntry(machine, ready, leaseId, entry, context);
    });
  });
}

/** Announces a stage for its entries, does the work, and writes a failure down for those entries it left unfinished. */
async function attempt(
  stage: Stage,
  entries: readonly Entry[],
  leaseId: string,
  context: RunContext,
  work: () => Promise<void>,
): Promise<void> {
  if (context.signal.aborted) throw new StoppedError("Stopped");
  for (const entry of entries) {
    context.journal.append({ event: "stage", entry_id: entry.id, stage, lease_id: leaseId });
  }
  for (const entry of entries) context.log.info(`${entry.id}  ${stage}`);
  try {
    await work();
  } catch (error) {
    if (error instanceof StoppedError || context.signal.aborted) throw asStopped(error);
    const running = new Set(
      context.journal.rows().filter((row) => row.status === "running").map((row) => row.entry_id),
    );
    for (const entry of entries.filter(({ id }) => running.has(id))) fail(entry, stage, error, null, context);
  }
}

async function runEntry(
  machine: Machine,
  ready: Ready,
  leaseId: string,
  entry: Entry,
  context: RunContext,
): Promise<void> {
  const folder = await freeFolder(entry.id, context);
  const out = evidenceDir(machine, folder);
  const announce = (stage: Stage) =>
    context.journal.append({ event: "stage", entry_id: entry.id, stage, lease_id: leaseId });
  context.begin(entry.id);
  announce("benchmark");
  context.log.info(`${entry.id}  benchmark  ${loadInWords(entry)}`);
  const [measured] = await Promise.allSettled([benchmark(machine, ready, entry, out, context)]);
  announce("collect");
  const [kept] = await Promise.allSettled([collect(machine, entry, folder, out, context)]);
  const collected = kept.status === "fulfilled" ? kept.value : null;
  if (measured.status === "fulfilled" && collected !== null) {
    const { raw_dir, tokens_per_second } = collected;
    context.journal.append({ event: "success", entry_id: entry.id, raw_dir, tokens_per_second });
    context.log.info(`${entry.id}  success  ${tokens_per_second?.toFixed(1) ?? "–"} tokens/s`);
    return;
  }
  const [stage, reason] = whatFailed(measured, kept);
  fail(entry, stage, reason, collected?.raw_dir ?? null, context);
  if (reason instanceof StoppedError) throw reason;
}

/** The first of the two that failed, with its reason. */
function whatFailed(
  measured: PromiseSettledResult<void>,
  kept: PromiseSettledResult<Collected | null>,
): [Stage, unknown] {
  if (measured.status === "rejected") return ["benchmark", measured.reason];
  if (kept.status === "rejected") return ["collect", kept.reason];
  return ["benchmark", new Error("the agent left no result line")];
}

function fail(entry: Entry, stage: Stage, error: unknown, rawDir: string | null, context: RunContext): void {
  const event = error instanceof DOMException && error.name === "TimeoutError" ? "timeout" : "failed";
  const reason = reasonOf(error);
  context.journal.append({ event, entry_id: entry.id, stage, reason, raw_dir: rawDir });
  context.log.warn(
    `${entry.id}  ${event} at ${stage}: ${reason}${
      rawDir === null ? "" : ` (evidence kept in data/raw/${rawDir})`
    }`,
  );
}

/** The entry's id, or the first `<id>-retryN` that no earlier attempt has used. */
async function freeFolder(id: string, context: StageContext): Promise<string> {
  const home = join(context.paths.raw, context.run_id);
  let folder = id;
  for (let n = 2; await exists(join(home, folder)); n++) folder = `${id}-retry${n}`;
  return folder;
}

function loadInWords({ workload }: Entry): string {
  return `${workload.duration_seconds} s at concurrency ${workload.concurrency.join(", ")}`;
}

function asStopped(error: unknown): StoppedError {
  return error instanceof StoppedError ? error : new StoppedError("Stopped", { cause: error });
}
