// What a run that ended without a word has left: evidence on its machines, in its folder, or already at its place.
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { exists } from "../lib/files.ts";
import { readSealed } from "../lib/seal.ts";
import type { Entry } from "../schema/entry.ts";
import { mayExist } from "../schema/machine.ts";
import { collect } from "../stages/collect.ts";
import type { StageContext } from "../stages/context.ts";
import { openTry, succeed } from "./entry.ts";
import type { Journal } from "./journal.ts";

export type RecoverContext =
  & Pick<StageContext, "paths" | "run_id" | "run_dir" | "log" | "fleet" | "signal">
  & { readonly journal: Journal };

/**
 * Saves what was measured for entries whose try is still open, and writes down what turns out to be a success. Evidence on a
 * machine that lives is left to the run that goes on with it, unless `close`: then it is fetched, complete or not.
 */
export async function recover(
  entries: readonly Entry[],
  context: RecoverContext,
  close: boolean,
): Promise<void> {
  for (const entry of entries) {
    const open = openTry(context.journal.lines, entry.id);
    if (open === null) continue;
    try {
      await recoverOne(entry, open, context, close);
    } catch (error) {
      context.log.warn(`${entry.id}  what was measured could not be saved: ${messageOf(error)}`);
    }
  }
}

async function recoverOne(
  entry: Entry,
  { folder, machine_id }: { folder: string; machine_id: string | null },
  context: RecoverContext,
  close: boolean,
): Promise<void> {
  const { paths, run_id, run_dir, log, fleet } = context;
  const home = join(paths.raw, run_id, folder);
  if (await exists(join(home, "provenance.json"))) {
    const { complete, tokens_per_second } = await readSealed(home);
    if (complete) succeed(entry, { raw_dir: `${run_id}/${folder}`, tokens_per_second }, machine_id, context);
    return;
  }
  const record = machine_id === null
    ? null
    : fleet.records().find((each) => each.machine_id === machine_id) ?? null;
  const lives = record !== null && mayExist(record) && record.offer.provider !== "local";
  if (lives && !close) return;
  const machine = lives && record.address !== null ? await reach(record.machine_id, context) : null;
  try {
    const source = {
      machine,
      out: machine === null ? "" : `${machine.workdir}/${folder}`,
      mirror: join(run_dir, "work", folder),
      record,
      clock_ahead_seconds: null,
    };
    const collected = await collect(source, entry, folder, context);
    if (collected === null) return;
    if (collected.complete) return succeed(entry, collected, machine_id, context);
    log.info(`${entry.id}  evidence of the interrupted attempt kept in data/raw/${collected.raw_dir}`);
  } finally {
    await machine?.[Symbol.asyncDispose]();
  }
}

/** The machine, when it can still be connected to. */
async function reach(machineId: string, { fleet, log, signal }: RecoverContext) {
  try {
    return await fleet.reconnect(machineId, signal);
  } catch (error) {
    log.warn(`${machineId}  ${messageOf(error)}`);
    return null;
  }
}
