// All leases of a plan, side by side, under the eyes of reaper and purse, until they are done or something stops them.
import { messageOf, StoppedError } from "../errors.ts";
import { abortReason, unlessAborted } from "../lib/clock.ts";
import { entriesOf } from "../plan/leases.ts";
import type { Left, PlannedLease } from "../plan/plan.ts";
import { codeOf, Failure, FAILURES } from "../schema/failures.ts";
import { finalIds } from "../schema/fold.ts";
import { costOf } from "../schema/ledger.ts";
import { mayExist } from "../schema/machine.ts";
import type { Totals } from "./board.ts";
import { giveLastState, unfinished } from "./close.ts";
import type { RunContext } from "./context.ts";
import { runLease } from "./lease.ts";
import type { Prepared } from "./prepare.ts";
import type { Census, Reaper } from "./reaper.ts";
import { recover } from "./recover.ts";
import { schedule } from "./schedule.ts";

/** Works the plan off; returns what ended that early, or null. */
export async function workOff(
  prepared: Prepared,
  isResumed: boolean,
  parallel: number,
  context: RunContext,
  reaper: Reaper,
): Promise<StoppedError | Failure | null> {
  const { journal, log, signal, purse, board, paths, run_id } = context;
  const end = new AbortController();
  const broken = new AbortController();
  try {
    const leases = await takeUp(prepared, isResumed, context, reaper);
    board.attach(totals(prepared, context));
    const watching = [reaper.watch(end.signal), purse.watch(end.signal)];
    const count = unfinished(journal).length;
    log.info(`run ${run_id}: ${count} ${count === 1 ? "entry" : "entries"}`);
    const together = { ...context, signal: AbortSignal.any([signal, broken.signal]) };
    await schedule(
      leases,
      parallel,
      ({ resource }) => resource,
      (lease) =>
        oneLease(lease, together).catch((error) => {
          // A journal that cannot be written, or a fault of ours: the others end in order instead of going on for hours.
          broken.abort(new StoppedError("another lease broke off"));
          throw error;
        }),
    ).finally(() => {
      end.abort();
      return Promise.all(watching);
    });
    return null;
  } catch (error) {
    if (!signal.aborted) throw error;
    const reason = abortReason(signal);
    if (!(reason instanceof Failure)) return new StoppedError(messageOf(reason), { cause: error });
    await giveLastState(journal, run_id, paths, () => ({ code: reason.code, reason: reason.message }));
    return reason;
  }
}

/** Writes down what is left out, and gives back machines that no lease goes on with. Nothing is created before all accounts were read. */
async function takeUp(
  { plan }: Prepared,
  isResumed: boolean,
  context: RunContext,
  reaper: Reaper,
): Promise<PlannedLease[]> {
  const { journal, fleet, signal } = context;
  const { failed, lists } = await unlessAborted(reaper.pass(), signal);
  if (isResumed) {
    await forgetVanished(context, lists);
    await recover(unfinished(journal), context, false);
    const done = new Set(journal.lines.flatMap((line) => line.event === "success" ? [line.entry_id] : []));
    const again = [...plan.leases.flatMap(entriesOf), ...plan.left.map(({ entry }) => entry)]
      .map(({ id }) => id).filter((id) => !done.has(id));
    journal.append({ event: "resumed", entries: again });
  }
  const unread = plan.leases.filter(({ provider }) => failed.has(provider)).flatMap((lease): Left[] => {
    const error = failed.get(lease.provider);
    return entriesOf(lease).map((entry) => ({ entry, code: codeOf(error), reason: messageOf(error) }));
  });
  leaveOut([...plan.left, ...unread], context);
  const leases = plan.leases.filter(({ provider }) => !failed.has(provider));
  const wanted = new Set(leases.map(({ id }) => id));
  const unwanted = fleet.live().filter(({ lease_id, offer }) =>
    !wanted.has(lease_id) && !failed.has(offer.provider)
  );
  await Promise.all(
    unwanted.map(({ machine_id }) => fleet.giveBack(machine_id, "orphan", "no lease goes on with it", 60)),
  );
  return leases;
}

/** Lists may lag behind a create for so long, seconds. */
const LAG_SECONDS = 60;

/** Machines of an earlier part of the run that neither list nor get shows any more are not waited for. */
async function forgetVanished(
  { fleet, clock, log, signal }: RunContext,
  lists: Census["lists"],
): Promise<void> {
  const lag = clock.after(LAG_SECONDS) - clock.now();
  for (const record of fleet.live()) {
    const listed = lists.get(record.offer.provider);
    const isOld = clock.now() - record.intended_at > lag || record.offer.price_per_hour === null;
    if (listed !== undefined && isOld && await unlessAborted(fleet.confirmGone(record, listed), signal)) {
      log.info(`${record.machine_id}  is gone`);
    }
  }
}

/** Writes down that entries are left out, and tells each reason once. */
function leaveOut(left: readonly Left[], { journal, log, tellReason }: RunContext): void {
  const final = finalIds(journal.lines);
  const open = left.filter(({ entry }) => !final.has(entry.id))
    .map((each) => ({ ...each, reason: tellReason(each.reason) }));
  for (const { entry: { id: entry_id }, code, reason } of open) {
    const { status, hint } = FAILURES[code];
    const told = `${reason}. ${hint}`;
    if (status === "skipped") journal.append({ event: status, entry_id, code, reason: told });
    else journal.append({ event: status, entry_id, stage: "provision", code, reason: told, raw_dir: null });
  }
  for (const [reason, members] of Map.groupBy(open, (each) => each.reason)) {
    const who = members.length === 1 ? members[0]?.entry.id : `${members.length} entries`;
    log.warn(`${who}  left out: ${reason}`);
  }
}

async function oneLease(lease: PlannedLease, context: RunContext): Promise<void> {
  const { purse, board } = context;
  const refusal = purse.promise(lease.id, lease.usd);
  if (refusal !== null) {
    leaveOut(entriesOf(lease).map((entry) => ({ entry, code: "over_budget", reason: refusal })), context);
    return;
  }
  try {
    await runLease(lease, context);
  } finally {
    purse.release(lease.id);
    board.over(lease.id);
  }
}

function totals({ plan, entries }: Prepared, { journal, fleet, clock }: RunContext): () => Totals {
  const began = clock.now();
  return () => {
    const now = clock.now();
    const usd = new Map<string, number>();
    for (const machine of fleet.records()) {
      usd.set(machine.lease_id, (usd.get(machine.lease_id) ?? 0) + costOf(machine, () => true, now).usd);
    }
    const isRented = fleet.records().some((machine) =>
      mayExist(machine) && machine.offer.price_per_hour !== null
    );
    return {
      usd: [...usd.values()].reduce((sum, value) => sum + value, 0),
      usd_of: (leaseId) => usd.get(leaseId) ?? 0,
      done: finalIds(journal.lines).size,
      entries: entries.length,
      seconds_left: isRented ? Math.max(0, plan.hours * 3600 - (now - began) / 1000) : null,
    };
  };
}
